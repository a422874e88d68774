"""Object stores: addresses such as ``s3://bucket/minutes``, what lies there, and its bytes."""
