SELECT set_config('sluice.gate_key', $1, true)
