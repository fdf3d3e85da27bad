# SPDX-License-Identifier: Apache-2.0
#
# Makes a C file of any file:
#
#   cmake -D IN=FILE -D OUT=FILE.c -D NAME=name -D HEADER=path/of/header.h -P embed.cmake
#
# It defines what the header declares: `const unsigned char name[]` and `const size_t name_len`.
file(READ ${IN} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR len "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT} "#include \"${HEADER}\"\n\n"
    "const unsigned char ${NAME}[] = {${bytes}};\n"
    "const size_t ${NAME}_len = ${len};\n")
