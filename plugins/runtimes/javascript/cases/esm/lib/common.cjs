exports.value = 1; exports.more = [2];
