"""The paper ("Let Them Talk"), section by section, on torch alone.

3.1 Preliminaries              wan             the base model's latents, tokens and trained sizes
3.2 One person                 windows         Eq. 1: the audio features around a video frame; Down of Eq. 2
                               adapter         Eq. 2: windows to audio tokens; one audio layer a DiT block
                               adapter_shape   the adapter's dimensions
                               attention       the audio cross-attention of a layer
3.3 Several persons            schemes/        Fig. 3: concat, add, split, l-rope; and routed, which is ours
                               localization    adaptive person localization by the DiT's self-attention
                               labels          labels of tokens and voices; Eq. 3 and 4: the rotation by them
                               binding         what a scheme decides and a layer follows
                               audio_patch     all of 3.3 as the two hooks that a DiT block calls
                               recorder        what was located, recorded for looking at
3.4 Training, 4.1 Settings     schedule        flow matching: noise levels, their shift, timesteps
3.5 Long videos                conditioning    mask channels and given frames
                               motion_latent   the motion frames, written over the model's input
                               sampling        one clip from noise to a latent
Dubbing, which is ours         source_latent   the latent of a dubbed video, from which sampling starts
Reference implementation       guidance        text and audio scale, adaptive projected guidance
"""
