mkdir bin; printf '#!/bin/bash\necho "own tool $1"\n' > bin/mytool; chmod +x bin/mytool; PATH="$PWD/bin:$PATH"; mytool x; mytool y | cat
command -v mytool | sed 's/.*\/bin/bin/'; type mytool > /dev/null && echo found; PATH=/usr/bin:/bin; mytool 2>/dev/null || echo $?
cd bin; ../bin/mytool up; ./mytool here; (cd ..; bin/mytool sub); bash mytool direct; bash -e ./mytool e; . ./mytool sourced
