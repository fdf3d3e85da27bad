# SPDX-License-Identifier: Apache-2.0
#
# Makes a C file of the files of the dashboard:
#
#   cmake -D "FILES=FILE;..." -D OUT=FILE.c -P dashboard_files.cmake
#
# It defines dashboard_files, see dashboard_files.h.
set(arrays "")
set(rows "")
set(count 0)
foreach(file ${FILES})
    get_filename_component(name ${file} NAME)
    file(READ ${file} bytes HEX)
    string(LENGTH "${bytes}" digits)
    math(EXPR len "${digits} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    file(SHA256 ${file} digest)
    string(SUBSTRING ${digest} 0 32 tag)
    string(APPEND arrays "static const unsigned char file_${count}[] = {${bytes}};\n")
    string(APPEND rows "    {\"${name}\", \"${tag}\", file_${count}, ${len}},\n")
    math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUT} "#include \"admin/dashboard/dashboard_files.h\"\n\n${arrays}\n"
    "const struct dashboard_file dashboard_files[] = {\n${rows}};\n"
    "const size_t dashboard_file_count = ${count};\n")
