"""What a phone has in place of a desktop's camera, key store, station key and processes. Written for Android, and run
on none: docs/phone.md says what was checked instead."""
