// TODO: one
