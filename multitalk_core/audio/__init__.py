"""Voices: waveforms, loudness, wav2vec2 features, and who speaks when."""
