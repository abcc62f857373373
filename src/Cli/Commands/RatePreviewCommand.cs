using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Streams.Cli.Rating;
using Streams.Rating.Periods;

namespace Streams.Cli.Commands;

/// <summary><c>streams rate preview</c>: the open period of a contract as the running aggregators have it.</summary>
static class RatePreviewCommand
{
    static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var contract = new Option<string?>("--contract") { Description = "The contract's id" };
        var customer = new Option<string?>("--customer") { Description = "All contracts of a customer, instead" };
        var url = new Option<string>("--url") { Description = "Where an instance with the aggregators serves HTTP", DefaultValueFactory = _ => "http://127.0.0.1:8080" };
        var key = new Option<string?>("--api-key") { Description = "A key with the scope usage:read (default: STREAMS_API_KEY)", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("STREAMS_API_KEY") };
        var output = SharedOptions.Output("table", "json");
        var preview = new Command("preview", "Print what the open period would cost if it ended now, with the usage that the running aggregators have.\n\nExit code 4: there is no such contract, or it has no open period.\n\nEXAMPLES\n  streams rate preview --contract acme-2026 --url http://127.0.0.1:8080\n  streams rate preview --customer acme --output json") { contract, customer, url, key, output };
        preview.SetAction(async (parsed, cancel) =>
        {
            var (id, who) = (parsed.GetValue(contract), parsed.GetValue(customer));
            if ((id is null) == (who is null)) throw new CommandException(ExitCodes.WrongUsage, "Give --contract or --customer: whose period?");
            var path = id is not null ? $"v1/contracts/{Uri.EscapeDataString(id)}/preview" : $"v1/customers/{Uri.EscapeDataString(who!)}/preview";
            var body = await AskAsync(parsed.GetValue(url)!, path, parsed.GetValue(key), cancel);
            if (parsed.GetValue(output) == "json") Console.Out.WriteLine(body);
            else Print(body);
            return ExitCodes.Done;
        });
        return preview;
    }

    static async Task<string> AskAsync(string url, string path, string? key, CancellationToken cancel)
    {
        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")) throw new CommandException(ExitCodes.WrongUsage, $"--url: '{url}' is no http address");
        using var http = new HttpClient { BaseAddress = address, Timeout = Timeout };
        if (key is not null) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        try
        {
            using var answer = await http.GetAsync(path, cancel);
            var body = await answer.Content.ReadAsStringAsync(cancel);
            if (answer.IsSuccessStatusCode) return body;
            throw new CommandException(answer.StatusCode == HttpStatusCode.NotFound ? ExitCodes.NothingMatched : ExitCodes.Failed, $"{(int)answer.StatusCode}: {Reason(body)}");
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new CommandException(ExitCodes.Failed, $"No answer from {address}: {e.Message}");
        }
    }

    static string Reason(string body)
    {
        try
        {
            using var problem = JsonDocument.Parse(body);
            return problem.RootElement.GetProperty("detail").GetString() ?? body;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return body;
        }
    }

    static void Print(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            foreach (var entry in json.RootElement.GetProperty("documents").EnumerateArray())
            {
                var document = InvoiceDocumentReader.Read(entry.GetProperty("document"));
                var names = new InvoiceNames(ZoneClock.Of(entry.GetProperty("timeZone").GetString()!), entry.GetProperty("customerName").GetString(), entry.GetProperty("payerName").GetString());
                InvoiceTable.Print(document, names);
            }
            Console.Out.WriteLine($"with usage up to {json.RootElement.GetProperty("asOf").GetString()}");
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException)
        {
            throw new CommandException(ExitCodes.Failed, $"The answer is no preview: {e.Message}");
        }
    }
}
