//go:build unix

package source

import "syscall"

// openFlags keep an open from waiting and from following a link that was put in a
// file's place since it was seen.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOFOLLOW
