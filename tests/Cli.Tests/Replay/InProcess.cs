using System.Reflection;

namespace Streams.Cli.Tests.Replay;

/// <summary>The command within this process, which starts faster: its output, errors and exit code. One at a time, since there is one console.</summary>
static class InProcess
{
    static readonly Lock Gate = new();

    public static (int Code, string Output, string Error) Run(string command)
    {
        lock (Gate)
        {
            var (output, error) = (Console.Out, Console.Error);
            using var printed = new StringWriter();
            using var said = new StringWriter();
            try
            {
                Console.SetOut(printed);
                Console.SetError(said);
                Environment.SetEnvironmentVariable("NO_COLOR", "1");
                var code = typeof(ExitCodes).Assembly.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [command.Split(' ', StringSplitOptions.RemoveEmptyEntries)], null);
                return ((int)code!, printed.ToString(), said.ToString());
            }
            finally
            {
                Console.SetOut(output);
                Console.SetError(error);
            }
        }
    }
}

/// <summary>Tests that share the pipeline, and have the console for themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ReplayCollection : ICollectionFixture<Pipeline>
{
    public const string Name = "replay";
}
