using System.CommandLine;
using System.Globalization;
using Streams.Cli.Rating;
using Streams.Cli.Replay;
using Streams.Rating.Calculator;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Cli.Commands;

/// <summary><c>streams rate</c>: usage against contracts, offline, by the code that bills.</summary>
static class RateCommand
{
    public static Command Create()
    {
        var inputs = new Inputs();
        var output = SharedOptions.Output("table", "json", "csv");
        var rate = new Command("rate", "Rate usage against contracts, offline, and print the documents: lines, tiers, credit, rounding and totals. The same code bills.\n\nUsage is JSON, in one array or one entry a line: events as POST /v1/events takes them, or quantities such as {\"meter\": \"api.requests\", \"at\": \"2026-01-05T10:00:00Z\", \"quantity\": \"120\"}; a quantity says with \"received\" and \"cancelled\" when it came late or was taken back, and after the close of its period that makes a correction.\nExit code 2 on faults of the input, each with field and reason; 5 if there is usage that no contract prices.\n\nEXAMPLES\n  streams rate --contract docs/contracts/graduated.json --usage docs/contracts/graduated.usage.json\n  streams rate --contract contracts.json --usage usage.json --customer acme --until 2026-02-15T00:00:00Z --output json\n  streams rate explain --contract contracts.json --usage usage.json --line 1") { output, Explain(), RatePreviewCommand.Create(), RateVerifyCommand.Create(), RateShadowCommand.Create(), RateVoidCommand.Create() };
        inputs.AddTo(rate);
        rate.SetAction(parsed =>
        {
            var (book, rated) = inputs.Rate(parsed, explain: parsed.GetValue(output) == "table");
            switch (parsed.GetValue(output))
            {
                case "json":
                    InvoiceJson.Print(rated);
                    break;
                case "csv":
                    InvoiceCsv.Print(rated.Documents, Console.Out);
                    break;
                default:
                    foreach (var document in rated.Documents) InvoiceTable.Print(document, book);
                    break;
            }
            return Unrated(rated);
        });
        return rate;
    }

    static Command Explain()
    {
        var inputs = new Inputs { IsRequired = false };
        var kafka = new KafkaInputs();
        var document = new Option<string?>("--document") { Description = "The document's id (default: all)" };
        var line = new Option<string?>("--line") { Description = "The line's number, from 1 on, or its key (default: all)" };
        var explain = new Command("explain", "Print the calculation of documents and lines step by step: offline from files, or, with --bootstrap-server, of a document of the stream, computed again from the topics.\n\nEXAMPLES\n  streams rate explain --contract contracts.json --usage usage.json --document acme-2026/0000/period --line 1\n  streams rate explain --document acme-2026/0000/period --line 1 --bootstrap-server 127.0.0.1:9092") { document, line };
        inputs.AddTo(explain);
        kafka.AddTo(explain);
        explain.SetAction((parsed, cancel) =>
        {
            if (kafka.AreGiven(parsed)) return StreamExplanation.PrintAsync(kafka.Of(parsed), parsed.GetValue(document), parsed.GetValue(line), cancel);
            var (_, rated) = inputs.Rate(parsed, explain: true);
            var (wanted, one) = (parsed.GetValue(document), parsed.GetValue(line));
            var found = rated.Documents.Where(d => wanted is null || d.Id == wanted).Count(d => InvoiceSteps.Print(d, one, Console.Out));
            return found > 0 ? Task.FromResult(Unrated(rated)) : throw new CommandException(ExitCodes.NothingMatched, wanted is null ? "There is no such line" : $"There is no such document or line; there are {string.Join(", ", rated.Documents.Select(d => d.Id))}");
        });
        return explain;
    }

    static int Unrated(RatedContracts rated)
    {
        foreach (var group in rated.Unrated.GroupBy(u => (u.Code, u.Entry.Meter)).OrderBy(g => g.Key.Meter, StringComparer.Ordinal).ThenBy(g => g.Key.Code, StringComparer.Ordinal))
            Console.Error.WriteLine($"streams: not rated: {group.Count()} of meter '{group.Key.Meter}', first at {group.First().Entry.Path} ({group.Key.Code})");
        return rated.Unrated.Count == 0 ? ExitCodes.Done : ExitCodes.Partial;
    }

    /// <summary>What both commands read.</summary>
    sealed class Inputs
    {
        readonly Option<string> _contract = new("--contract") { Description = "Customers, meters, price books and contracts as JSON; see docs/contracts", HelpName = "FILE" };
        readonly Option<string> _usage = new("--usage") { Description = "Events or quantities as JSON", HelpName = "FILE" };
        readonly Option<string?> _customer = new("--customer") { Description = "Whose contracts, and whose usage where the file does not say (default: all)" };
        readonly Option<DateTimeOffset?> _until = new("--until") { Description = "Nothing from here on is looked at; a period that has not ended is previewed (default: the end of the last usage's period)", HelpName = "TIME" };

        /// <summary>Whether the files must be given.</summary>
        public bool IsRequired { get; init; } = true;

        public void AddTo(Command command)
        {
            _contract.Required = _usage.Required = IsRequired;
            foreach (var option in new Option[] { _contract, _usage, _customer, _until }) command.Add(option);
        }

        public (ContractBook Book, RatedContracts Rated) Rate(ParseResult parsed, bool explain)
        {
            var (contract, usage, customer) = (parsed.GetValue(_contract), parsed.GetValue(_usage), parsed.GetValue(_customer));
            if (contract is null || usage is null) throw new CommandException(ExitCodes.WrongUsage, "Either --contract and --usage are needed, or --bootstrap-server and --document");
            var book = Guarded(contract, () => ContractFile.Load(File.ReadAllBytes(contract)));
            if (customer is not null && !book.Customers.ContainsKey(customer)) throw new CommandException(ExitCodes.WrongUsage, $"--customer: {contract} has no customer '{customer}'");
            Timestamp? until = parsed.GetValue(_until) is { } time ? Timestamp.From(time) : null;
            return (book, Guarded(usage, () =>
            {
                var content = UsageFile.Parse(File.ReadAllBytes(usage));
                if (content.Duplicates > 0) Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"streams: {content.Duplicates} events came again and count once"));
                return ContractCalculator.Run(book, content.Entries, customer, until, explain);
            }));
        }

        static T Guarded<T>(string path, Func<T> read)
        {
            try
            {
                return read();
            }
            catch (ContractFaultException e)
            {
                foreach (var fault in e.Faults) Console.Error.WriteLine($"{path}: {fault}");
                throw new CommandException(ExitCodes.WrongUsage, $"{path} has {e.Faults.Count} fault(s); nothing was rated");
            }
            catch (PricingException e)
            {
                throw new CommandException(ExitCodes.WrongUsage, $"{path}: {e.Message}; nothing was rated");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CommandException(ExitCodes.WrongUsage, e.Message);
            }
        }
    }
}
