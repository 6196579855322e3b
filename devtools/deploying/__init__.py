"""`make deploy` and `make remove`: a stack on AWS, from the answers of its owner to its last resource."""
