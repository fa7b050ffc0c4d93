"""The command rs-srgan."""
