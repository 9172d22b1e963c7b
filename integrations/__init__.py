"""Outside services, one file each: small classes that speak the service's protocol and classify its failures."""
