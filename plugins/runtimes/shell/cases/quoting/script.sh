echo 'single $x' "double \$x \"q\" \\ \`" plain\ space $'ansi\t\x41\u00e9\'' "a'b" 'a"b'
x='a   b'; echo $x "$x" '$x'
echo "line\
continued"
echo a\
b
echo "nested $(echo "inner $(echo 'deep  x')")"
echo `echo back \`echo tick\``
echo "tab	in" 'new
line'
echo "" '' x; set -- "" a ""; echo $#
echo "$( (echo sub) )" "$((1 + (2)))"
echo \* \? \[a\] "*"
echo a"b"c'd'e
printf '[%s]' "" a "" ; echo
echo "\a\b" '\n' "\\n"
echo "$'not ansi'" 
