NAME = "beside the real one"
