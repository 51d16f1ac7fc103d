package har

// ReadUpTo is Read with another MaxSize.
var ReadUpTo = read
