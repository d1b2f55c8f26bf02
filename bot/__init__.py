"""Code that runs inside the Rasa process: graph components, the input channel, the tracker store."""
