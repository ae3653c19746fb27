printf '%s %d %i %u\n' a 1 2 3; printf '%5s|%-5s|%05d|%+d|% d|%x|%X|%o|%#x|%e|%g|%.3f|%c|%%\n' ab cd 42 5 6 255 255 8 255 12345.678 0.0001 3.14159 xyz
printf '%s\n' a b c; printf '%s-%s\n' 1 2 3; printf '\t\x41\101\\n\n'; printf '%b\n' 'a\tb\n'; printf '%q %q\n' 'a b' "it's"; printf '%*d|%-*s|\n' 5 42 6 ab; printf '%.2s|\n' abcdef; printf 'no args %s|%d|\n'
printf '%d\n' "'A" 0x1f 010; printf -v var '%03d' 7; echo $var; printf '%s'; printf 'nonewline'; echo; printf '%(%Y)T\n' 0; printf '%d\n' abc 2>/dev/null; echo $?
echo -n no; echo; echo -e 'a\tb\x41\0101\c dropped'; echo; echo -E 'a\tb'; echo -ne 'x\n'; echo - -x; echo -nx; echo '-n'; echo "a  b"   c; echo -- x
printf '%s\n' "multi
line"; printf '%5.1f|%-8.3e|%G\n' 3.14159 31415.9 1e-10; printf "%s: %'d\n" n 1000; printf '%s %s\n' "$(printf 'a\n\n')" b
