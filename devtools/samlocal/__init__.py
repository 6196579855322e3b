"""The functions in the containers of `sam local`: what they need, and a run of every hook."""
