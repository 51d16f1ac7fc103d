package shamir

// The field is GF(2^8) with the polynomial of AES, x^8 + x^4 + x^3 + x + 1.
// Nothing here branches on, or looks up, a byte of a secret, so that the time
// taken says nothing about it.

// multiply returns a·b.
func multiply(a, b byte) byte {
	var product byte
	for range 8 {
		product ^= a & -(b & 1)
		b >>= 1
		a = a<<1 ^ 0x1b&-(a>>7)
	}
	return product
}

// invert returns 1/a, and 0 for 0: a^254, since a^255 = 1.
func invert(a byte) byte {
	result, square := byte(1), a
	for range 7 { // 254 = 2 + 4 + … + 128
		square = multiply(square, square)
		result = multiply(result, square)
	}
	return result
}

// evaluate returns the value at x of the polynomial whose coefficients are
// given from the constant one upwards.
func evaluate(coefficients []byte, x byte) byte {
	var y byte
	for i := len(coefficients) - 1; i >= 0; i-- {
		y = multiply(y, x) ^ coefficients[i]
	}
	return y
}

// weights returns what each point's y is multiplied with to get the value at 0 of
// the polynomial through all of them (Lagrange). The xs must differ and not be 0.
func weights(xs []byte) []byte {
	ws := make([]byte, len(xs))
	for i, xi := range xs {
		ws[i] = 1
		for j, xj := range xs {
			if i != j { // subtraction is XOR here
				ws[i] = multiply(ws[i], multiply(xj, invert(xi^xj)))
			}
		}
	}
	return ws
}
