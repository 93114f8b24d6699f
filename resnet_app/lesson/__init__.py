"""What the steps of the lesson "How a ResNet sees" find out, on a live network and a photo."""
