"""The paper ("Let Them Talk"), section by section, on torch alone.

Geometry of the base model     wan               latents, tokens, trained sizes
3.2 Audio-driven model         windows           Eq. 1: the audio features around a video frame
                               adapter           Eq. 2: windows to audio tokens; one audio layer a DiT block
                               adapter_shape     the adapter's dimensions
                               attention         the audio cross-attention of a layer
3.3 Several persons            localization      similarity of every token to the persons of the first frame
                               labels            Norm and ranges; Eq. 3 and 4: the rotation by labels
                               schemes           Fig. 3: concat, add, split, l-rope; and routed
                               binding           what a scheme decides and a layer obeys
                               audio_patch       all of it as the two hooks that a DiT block calls
                               recorder          what was located, for looking at
3.4 Training, 4.1 Sampling     schedule          flow matching, its shift and its timesteps
                               guidance          text and audio scale, adaptive projected guidance
3.5 Long videos                conditioning      mask, given frames, motion latents
                               sampling          one clip from noise

`docs/architecture.md` says what stands on it.
"""
