"""Object stores: addresses such as ``s3://bucket/minutes``, their objects, and the bytes."""
