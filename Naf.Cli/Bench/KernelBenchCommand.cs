using System.CommandLine;
using System.Reflection;
using Naf.Checks.Benchmarks;
using Naf.Gpu;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Kernels.Network;

namespace Naf.Cli.Bench;

/// <summary><c>naf bench</c> of a kernel: checked, timed, and compared with the device's ceilings.</summary>
internal static class KernelBenchCommand
{
    /// <typeparam name="TSizes">Its properties with a <see cref="SizeAttribute"/> become options.</typeparam>
    /// <param name="standardSeconds">Default seconds of timing.</param>
    /// <param name="make">Creates the benchmark for given sizes.</param>
    /// <param name="show">
    /// Maps the median of the rates and the rounds' rates to the fields for JSON, a short result, and the sizes as
    /// text.
    /// </param>
    public static Command Create<TSizes, TBenchmark>(
        Terminal terminal, string name, string description, int standardSeconds, Func<Device, TSizes, TBenchmark> make,
        Func<TBenchmark, TSizes, double, double[], (object Fields, string Result, string Sizes)> show)
        where TSizes : new()
        where TBenchmark : KernelBenchmark
    {
        PropertyInfo[] properties = [.. typeof(TSizes).GetProperties().Where(p => p.IsDefined(typeof(SizeAttribute)))];
        Option[] options = [.. properties.Select(p => OptionOf(p, new TSizes()))];
        var command = new ExampleCommand(name, description, $"naf bench {name} --device cpu --threads 1 --json", Run);
        foreach (Option option in (Option[])
        [
            .. options, CliOption.Device(),
            CliOption.Text("--threads", "N", "threads where the device is the CPU; 0: one per core [0]"),
            CliOption.Text("--seconds", "S", $"seconds of timing, after compiling and checking [{standardSeconds}]"),
            CliOption.Json(),
        ]) command.Add(option);
        return command;

        int Run(ParseResult parsed)
        {
            var sizes = new TSizes();
            foreach ((PropertyInfo property, Option option) in properties.Zip(options))
                property.SetValue(sizes, Value(parsed, property, option, sizes));
            double time = parsed.Seconds(standardSeconds);
            int count = parsed.Integer("--threads", 0, 0, 256);
            using Device device = DeviceList.Select(parsed.Given("--device") ?? "auto", count);
            if (device.Note.Length > 0) terminal.Warn(device.Note);
            try
            {
                using TBenchmark benchmark = make(device, sizes);
                double[] rounds = benchmark.Rates(time);
                double rate = BenchmarkRounds.Median(rounds);
                (object fields, string result, string words) = show(benchmark, sizes, rate, rounds);
                DeviceCeiling ceiling = DeviceCeiling.Measure(device);
                var reached = new
                {
                    GflopPerSecond = rate * benchmark.Operations * 1e-9,
                    GigabytesPerSecond = rate * benchmark.Bytes * 1e-9,
                    CeilingGflopPerSecond = ceiling.GflopPerSecond,
                    CeilingGigabytesPerSecond = ceiling.GigabytesPerSecond,
                    CeilingProductGflopPerSecond = ceiling.ProductGflopPerSecond,
                    Hardware = device.Info.Description, device.Info.Driver,
                    Version = Versions.Product, Commit = Versions.BuiltFrom,
                };
                var where = new
                {
                    Device = device.Info.Name, device.Info.Instructions,
                    Threads = (device as CpuDevice)?.Team.Threads ?? 0,
                };
                if (parsed.IsJson()) Json.Write(terminal.Out, where, sizes, fields, reached);
                else
                    terminal.Out.WriteLine($"{result} on {where.Device} ({where.Instructions}), "
                        + (where.Threads > 0 ? $"threads {where.Threads}, " : "") + $"{words}; "
                        + $"{reached.GflopPerSecond:0.0} of {ceiling.GflopPerSecond:0.0} GFLOP/s, "
                        + $"{reached.GigabytesPerSecond:0.0} of {ceiling.GigabytesPerSecond:0.0} GB/s"
                        + (ceiling.ProductGflopPerSecond is { } product
                            ? $"; cuBLAS products reach {product:0.0} GFLOP/s" : ""));
            }
            catch (ArgumentException e)
            {
                // incompatible sizes
                throw new UserException(e.Message);
            }
            return 0;
        }
    }

    private static Option OptionOf(PropertyInfo property, object standard)
    {
        SizeAttribute size = property.GetCustomAttribute<SizeAttribute>()!;
        string name = "--" + JsonNamingPolicy.KebabCaseLower.ConvertName(property.Name);
        return property.GetValue(standard) switch
        {
            bool => CliOption.Flag(name, size.Meaning),
            string => CliOption.Text(name, size.Shown, size.Meaning),
            ImmutableArray<int> units => Text(string.Join(',', units)),
            var value => Text($"{value}".ToLowerInvariant()),
        };

        Option<string?> Text(string shown) => CliOption.Text(name, size.Shown, $"{size.Meaning} [{shown}]");
    }

    private static object? Value(ParseResult parsed, PropertyInfo property, Option option, object standard)
    {
        if (option is Option<bool> flag) return parsed.GetValue(flag);
        string? text = parsed.Given(option.Name);
        int most = property.GetCustomAttribute<SizeAttribute>()!.Most;
        return property.GetValue(standard) switch
        {
            int number => parsed.Integer(option.Name, number, 1, most),
            // parsed like the settings of these names
            Normalisation when text is not null =>
                SettingsResolver.Resolve([new GivenValue("normalisation", text, option.Name)]).Learner.Normalisation,
            ImmutableArray<int> when text is not null =>
                SettingsResolver.Resolve([new GivenValue("hidden", text, option.Name)]).Learner.Hidden,
            var value => text ?? value,
        };
    }
}
