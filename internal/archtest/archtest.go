// Package archtest holds the house together: its tests read the import graph and
// fail where an arrow points the wrong way, where a heavy module is used outside
// its owner, or where a new module has come in without being listed.
package archtest
