package source

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

const (
	magicWindow = compatRead // bytes in which isApplication looks
	textWindow  = 8 << 10    // bytes that decide whether something is text
)

// isBinary reports whether a file is compressed or compiled: gitleaks would say so
// and it is not text, or its name says so and it is not text.
func isBinary(path string, head []byte) bool {
	if isText(head[:min(len(head), textWindow)]) {
		return false
	}
	return isApplication(head[:min(len(head), magicWindow)]) || isCompressedName(path)
}

// isText reports whether data, which may end within a rune, is UTF-8 without NUL.
func isText(data []byte) bool {
	if bytes.IndexByte(data, 0) >= 0 {
		return false
	}
	for back := 1; back < utf8.UTFMax && back <= len(data); back++ {
		if tail := data[len(data)-back:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				data = data[:len(data)-back]
			}
			break
		}
	}
	return utf8.Valid(data)
}

// isCompressedName tells the formats that cannot be told by their first bytes.
func isCompressedName(path string) bool {
	for _, ending := range []string{".br", ".lz4", ".sz", ".s2", ".mz", ".zz"} {
		if strings.HasSuffix(path, ending) {
			return true
		}
	}
	return false
}

// isApplication reports whether gitleaks skips content that begins with data: its
// type, as github.com/h2non/filetype v1.1.3 tells it, is one of application/*. That
// tries image, audio and video before archives, documents and fonts, so that for
// instance a RIFF sound with "ustar" in the right place is a sound.
func isApplication(data []byte) bool {
	return code.match(data) || !media.match(data) && !isMedia(data) && (archives.match(data) || isArchive(data))
}

// magic is what a format has at fixed places. Some need more bytes to follow than
// they look at.
type magic struct {
	longer int // data must be longer than this
	parts  []part
}

type part struct {
	at    int
	bytes string
}

func (m *magic) match(data []byte) bool {
	if len(data) <= m.longer {
		return false
	}
	for _, p := range m.parts {
		if end := p.at + len(p.bytes); len(data) < end || string(data[p.at:end]) != p.bytes {
			return false
		}
	}
	return true
}

type magics []magic

func (list magics) match(data []byte) bool {
	for i := range list {
		if list[i].match(data) {
			return true
		}
	}
	return false
}

// start is a magic at the beginning.
func start(bytes string) magic { return magic{parts: []part{{0, bytes}}} }

// code are the formats that are tried first.
var code = magics{
	start("\x00asm\x01\x00\x00\x00"),
	{36, []part{{0, "dex\n"}, {36, "p"}}},
	{100, []part{{0, "dey\n"}, {40, "dex\n"}, {76, "p"}}},
}

var media = magics{
	// Images.
	start("\xff\xd8\xff"),
	start("\x00\x00\x00\x0cjP  \r\n\x87\n\x00"),
	start("\x89PNG"),
	start("GIF"),
	{11, []part{{8, "WEBP"}}},
	{10, []part{{0, "II*\x00"}}},
	{10, []part{{0, "MM\x00*"}}},
	start("BM"),
	start("II\xbc"),
	start("8BPS"),
	start("\x00\x00\x01\x00"),
	start("AC10"),
	// Sound.
	start("MThd"),
	start("ID3"),
	{2, []part{{0, "\xff\xfb"}}},
	{10, []part{{4, "ftypM4A"}}},
	{10, []part{{0, "M4A "}}},
	start("OggS"),
	start("fLaC"),
	{11, []part{{0, "RIFF"}, {8, "WAVE"}}},
	{11, []part{{0, "#!AMR\n"}}},
	start("\xff\xf1"),
	start("\xff\xf9"),
	{11, []part{{0, "FORM"}, {8, "AIFF"}}},
	// Film.
	{10, []part{{4, "ftypM4V"}}},
	{15, []part{{0, "\x00\x00\x00\x14ftyp"}}},
	{15, []part{{4, "moov"}}},
	{15, []part{{4, "mdat"}}},
	{15, []part{{12, "mdat"}}},
	{10, []part{{0, "RIFF"}, {8, "AVI"}}},
	start("0&\xb2u\x8ef\xcf\x11\xa6\xd9"),
	start("FLV\x01"),
	{10, []part{{4, "ftyp3gp"}}},
}

// isMedia tells the media formats that have more than one fixed form.
func isMedia(data []byte) bool {
	return isMPEG(data) || isMatroska(data, "matroska") || isMatroska(data, "webm") ||
		len(data) > 11 && string(data[4:8]) == "ftyp" && (isMP4(string(data[8:12])) || isHEIF(data))
}

func isMPEG(data []byte) bool {
	return len(data) > 3 && string(data[:3]) == "\x00\x00\x01" && data[3] >= 0xb0 && data[3] <= 0xbf
}

func isMatroska(data []byte, kind string) bool {
	if !bytes.HasPrefix(data, []byte("\x1aE\xdf\xa3")) {
		return false
	}
	i := bytes.Index(data[:min(len(data), 4096)], []byte(kind))
	return i >= 3 && data[i-3] == 0x42 && data[i-2] == 0x82
}

func isMP4(brand string) bool {
	switch brand {
	case "avc1", "dash", "iso2", "iso3", "iso4", "iso5", "iso6", "isom", "mmp4", "mp41", "mp42", "mp4v", "mp71",
		"MSNV", "NDAS", "NDSC", "NSDC", "NDSH", "NDSM", "NDSP", "NDSS", "NDXC", "NDXH", "NDXM", "NDXP", "NDXS",
		"F4V ", "F4P ":
		return true
	}
	return false
}

// isHEIF reads the brands in an ISO media header.
func isHEIF(data []byte) bool {
	size := int(binary.BigEndian.Uint32(data))
	if len(data) < 17 || len(data) < size {
		return false
	}
	switch string(data[8:12]) {
	case "heic":
		return true
	case "mif1", "msf1":
		for i := 16; i < size && i+4 <= len(data); i += 4 {
			if string(data[i:i+4]) == "heic" {
				return true
			}
		}
	}
	return false
}

// archives are archives, documents, fonts and the rest. Formats inside a zip, such
// as Word's, need no magic of their own.
var archives = magics{
	{261, []part{{257, "ustar"}}},
	start("Rar!\x1a\x07\x00"),
	start("Rar!\x1a\x07\x01"),
	start("\x1f\x8b\x08"),
	start("\x1f\x9d"),
	start("\x1f\xa0"),
	start("BZh"),
	start("7z\xbc\xaf'\x1c"),
	start("\xfd7zXZ\x00"),
	start("LZIP"),
	start("MSCF"),
	start("ISc("),
	start("!<arch>"),
	start("Cr24"),
	{96, []part{{0, "\xed\xab\xee\xdb"}}}, // RPM
	{32773, []part{{32769, "CD001"}}},
	// Programs.
	start("MZ"),
	{52, []part{{0, "\x7fELF"}}},
	start("\xfe\xed\xfa\xcf"),
	start("\xfe\xed\xfa\xce"),
	start("\xcf\xfa\xed\xfe"),
	start("\xce\xfa\xed\xfe"),
	start("\xbe\xba\xfe\xca"),
	start("\xca\xfe\xba\xbe"), // Java's class files too
	start("CWS"),
	start("FWS"),
	start("NES\x1a"),
	// Documents and data.
	start("%PDF"),
	start("%!"),
	start("{\\rtf"),
	start("SQLi"),
	{131, []part{{128, "DICM"}}},
	// Fonts.
	start("wOFF\x00\x01\x00\x00"),
	start("wOF2\x00\x01\x00\x00"),
	start("\x00\x01\x00\x00\x00"),
	start("OTTO\x00"),
	{35, []part{{8, "\x02\x00\x01"}, {34, "LP"}}},
	{35, []part{{8, "\x01\x00\x00"}, {34, "LP"}}},
	{35, []part{{8, "\x02\x00\x02"}, {34, "LP"}}},
}

// isArchive tells the formats that have more than one fixed form.
func isArchive(data []byte) bool {
	switch {
	case len(data) < 4:
		return false
	case data[0] == 'P' && data[1] == 'K':
		return strings.IndexByte("\x03\x05\x07", data[2]) >= 0 && strings.IndexByte("\x04\x06\x08", data[3]) >= 0
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return isOLE(data)
	}
	return isZstandard(data)
}

// isOLE tells Word, Excel and PowerPoint of old; a short one is taken for each.
func isOLE(data []byte) bool {
	if len(data) <= 513 {
		return true
	}
	switch string(data[512:514]) {
	case "\xec\xa5", "\x09\x08", "\xa0F":
		return true
	}
	return false
}

// isZstandard passes over frames that a decoder skips.
func isZstandard(data []byte) bool {
	for {
		if bytes.HasPrefix(data, []byte("(\xb5/\xfd")) {
			return true
		}
		if len(data) < 8 || binary.LittleEndian.Uint32(data)&^0xf != 0x184D2A50 {
			return false
		}
		size := int64(binary.LittleEndian.Uint32(data[4:]))
		if int64(len(data)) < 8+size {
			return false
		}
		data = data[8+size:]
	}
}
