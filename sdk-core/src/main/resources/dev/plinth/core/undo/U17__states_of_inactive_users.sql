-- They may stay as they are: what carries a state of before is right, and its column goes next.
SELECT 1;
