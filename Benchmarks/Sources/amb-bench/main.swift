import AmbBench

AmbBench.main(Array(CommandLine.arguments.dropFirst()))
