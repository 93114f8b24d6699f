"""The tab Lesson: "How a ResNet sees", eight steps that are guessed before they are shown."""
