using System.CommandLine;
using Streams.Broker;

namespace Streams.Cli.Commands;

/// <summary><c>streams broker add-user</c>: gives a user of the embedded broker a password, of which the file keeps what checks it alone.</summary>
static class BrokerUserCommand
{
    public static Command Create()
    {
        var users = new Option<string>("--users") { Description = "File of users; made when missing", Required = true, HelpName = "FILE" };
        var name = new Option<string>("--name") { Description = "The user", Required = true, HelpName = "NAME" };
        var mechanism = new Option<string>("--mechanism") { Description = "SCRAM-SHA-512 or SCRAM-SHA-256; PLAIN is checked against either", DefaultValueFactory = _ => "SCRAM-SHA-512" };
        mechanism.AcceptOnlyFromAmong("SCRAM-SHA-512", "SCRAM-SHA-256");
        var command = new Command("add-user", "Give a user of the broker a password, the first line of standard input. A running broker takes it when it is started again.\n\nEXAMPLE\n  streams broker add-user --users ./users --name alice < password.txt")
            { users, name, mechanism };
        command.SetAction(parsed =>
        {
            var password = Console.In.ReadLine() ?? "";
            try
            {
                SaslUsersFile.Set(parsed.GetValue(users)!, parsed.GetValue(name)!, parsed.GetValue(mechanism)!, password);
            }
            catch (ArgumentException e)
            {
                throw new CommandException(ExitCodes.WrongUsage, password.Length == 0 ? "the password is missing: give it on standard input" : e.Message);
            }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                throw new CommandException(ExitCodes.Failed, e.Message);
            }
            Console.Error.WriteLine($"streams: {parsed.GetValue(name)} can log in by {parsed.GetValue(mechanism)} and PLAIN once the broker is started again");
            return ExitCodes.Done;
        });
        return command;
    }
}
