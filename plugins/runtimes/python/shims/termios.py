"""Settings of terminals: no stream here has any."""

TCSANOW, TCSADRAIN, TCSAFLUSH = 0, 1, 2
TCIFLUSH, TCOFLUSH, TCIOFLUSH = 0, 1, 2
VMIN, VTIME = 6, 5
BRKINT, ICRNL, INPCK, ISTRIP, IXON, OPOST = 2, 256, 16, 32, 1024, 1
CSIZE, PARENB, CS8, ECHO, ICANON, IEXTEN, ISIG = 48, 256, 48, 8, 2, 32768, 1
IGNBRK, PARMRK, INLCR, IGNCR, IXOFF, IXANY, ECHONL, ECHOE, ECHOK, NOFLSH, TOSTOP = 1, 8, 64, 128, 4096, 2048, 64, 16, 32, 128, 256


class error(Exception):
    """What `termios` raises."""


def _none(*_):
    raise error(25, "Inappropriate ioctl for device")


tcgetattr = tcsetattr = tcsendbreak = tcdrain = tcflush = tcflow = tcgetwinsize = tcsetwinsize = _none
