"""The functions as `sam local` runs them: in containers, behind `sam local start-api` and `sam local invoke`."""
