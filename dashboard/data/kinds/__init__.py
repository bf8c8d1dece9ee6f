"""What the pages of the kinds of advice ask of a build, a module per kind and one for what they share."""
