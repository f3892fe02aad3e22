"""What the tests are made of: real servers, hostile peers, certificates, ports."""
