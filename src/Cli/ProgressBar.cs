using Spectre.Console;

namespace Streams.Cli;

/// <summary>A bar on stderr for work that takes long; nothing where stderr is not a terminal.</summary>
static class ProgressBar
{
    /// <summary>Runs the work; it reports a share from 0 to 1 and what to say beside the bar.</summary>
    public static async Task<T> RunAsync<T>(string title, Func<Action<double, string>, Task<T>> work)
    {
        if (Console.IsErrorRedirected) return await work((_, _) => { });
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console.Progress().AutoClear(true).StartAsync(async context =>
        {
            var bar = context.AddTask(title);
            return await work((share, note) =>
            {
                bar.Value = Math.Clamp(share, 0, 1) * 100;
                bar.Description = Markup.Escape($"{title}: {note}");
            });
        });
    }
}
