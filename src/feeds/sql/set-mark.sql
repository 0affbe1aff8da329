-- Moves the mark forward, never back, and never past this moment: nobody has seen what is yet to come.
INSERT INTO notification_marks (user_id, read_upto) VALUES ($1, least($2, next_id()))
ON CONFLICT (user_id) DO UPDATE SET read_upto = greatest(notification_marks.read_upto, excluded.read_upto)
