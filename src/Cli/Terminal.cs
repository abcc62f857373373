using Spectre.Console;

namespace Streams.Cli;

/// <summary>Colours and widths only where somebody looks: NO_COLOR, TERM=dumb and redirected output are respected.</summary>
static class Terminal
{
    const int WidthOfFiles = 120;

    public static void Configure()
    {
        var plain = Console.IsOutputRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } || Environment.GetEnvironmentVariable("TERM") == "dumb";
        if (!plain) return;
        AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = WidthOfFiles;
    }
}
