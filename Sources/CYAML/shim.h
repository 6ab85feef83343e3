// The fence around libyaml: the event parser, whose events carry line and column.
#pragma once
#include <yaml.h>
