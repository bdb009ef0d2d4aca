"""What is trained: losses and the objectives that use them."""
