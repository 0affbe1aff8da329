DELETE FROM gate_closings WHERE opened_at < clock_timestamp() - interval '1 year'
