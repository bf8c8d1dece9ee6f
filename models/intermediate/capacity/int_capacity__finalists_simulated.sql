{{ simulated_settings(ref("int_capacity__finalists")) }}
