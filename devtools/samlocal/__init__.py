"""The functions in the containers of `sam local`: what they need, and a rehearsal of every hook."""
