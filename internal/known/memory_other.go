//go:build !unix

package known

func lockedBytes(n int) (bytes []byte, free func([]byte)) { return make([]byte, n), func([]byte) {} }
