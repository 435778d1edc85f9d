"""Audio → text: decoding, speech detection, packing, engines, clean-up."""
