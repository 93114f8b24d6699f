"""An untrusted file -> a checked state dict, and back."""
