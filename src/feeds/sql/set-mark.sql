-- Moves the mark forward, never back.
INSERT INTO notification_marks (user_id, read_upto) VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE SET read_upto = greatest(notification_marks.read_upto, excluded.read_upto)
