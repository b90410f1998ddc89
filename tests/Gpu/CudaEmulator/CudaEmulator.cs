using System.Diagnostics;
using System.Runtime.InteropServices;
using Naf.Gpu;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>
/// A CUDA driver and an NVRTC without a GPU, made by the C++ compiler from the sources beside this file: so that loading, marshalling,
/// compilation, launches, cooperative barriers and failures are tested on any machine. What it cannot show is a real GPU's code and speed.
/// </summary>
internal sealed unsafe class CudaEmulator
{
    private static readonly Lazy<CudaEmulator> Common = new(() => new CudaEmulator(Built!.Value.Path));
    private static readonly Lazy<TemporaryFolder> Built = new(Build);

    private readonly delegate* unmanaged<byte*, long, int> _set;
    private readonly delegate* unmanaged<byte*, int, int, int> _fail;
    private readonly delegate* unmanaged<int> _alive, _leftBehind;

    private CudaEmulator(string folder)
    {
        Folder = folder;
        Platform = Load(folder);
        nint driver = NativeLibrary.Load(Path.Combine(folder, CudaLibrary.FileName));
        _set = (delegate* unmanaged<byte*, long, int>)NativeLibrary.GetExport(driver, "emulatedSet");
        _fail = (delegate* unmanaged<byte*, int, int, int>)NativeLibrary.GetExport(driver, "emulatedFail");
        _alive = (delegate* unmanaged<int>)NativeLibrary.GetExport(driver, "emulatedAlive");
        _leftBehind = (delegate* unmanaged<int>)NativeLibrary.GetExport(driver, "emulatedLeftBehind");
    }

    /// <summary>The one that kernels are tested on.</summary>
    public static CudaEmulator Shared => Common.Value;

    /// <summary>Where its libraries are.</summary>
    public string Folder { get; }

    /// <summary>Its driver, devices and compiler, loaded by the same code as the real ones.</summary>
    public CudaPlatform Platform { get; private set; }

    /// <summary>Buffers, streams, events, modules and pinned blocks that are alive.</summary>
    public int Alive => _alive();

    /// <summary>What was alive when a context ended.</summary>
    public int LeftBehind => _leftBehind();

    /// <summary>One with a state of its own, in a copy of the libraries.</summary>
    /// <param name="folder">An empty folder.</param>
    /// <param name="without">Files that it lacks.</param>
    public static CudaEmulator Fresh(TemporaryFolder folder, params string[] without)
    {
        foreach (string file in Directory.GetFiles(Built.Value.Path))
            if (!without.Contains(Path.GetFileName(file))) File.Copy(file, folder[Path.GetFileName(file)]);
        return new CudaEmulator(folder.Path);
    }

    /// <summary>Changes what the driver shows: memory, foreign, capability, driver, units, devices, mode, init.</summary>
    public void Set(string what, long value)
    {
        fixed (byte* p = Bytes(what)) Assert.That(_set(p, value), Is.Zero);
        Platform = Load(Folder);
    }

    /// <summary>Makes a call of the driver (or the next "kernel") fail once.</summary>
    /// <param name="after">Calls that succeed before.</param>
    public void Fail(string call, int status, int after = 0)
    {
        fixed (byte* p = Bytes(call)) Assert.That(_fail(p, status, after), Is.Zero);
    }

    // whatever else is installed here
    private static CudaPlatform Load(string folder) => new(folder, Directory.GetFiles(folder, "libnvrtc.so.*"));

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text + '\0');

    private static TemporaryFolder Build()
    {
        NeedsAttribute.Check(Need.Compiler);
        var folder = new TemporaryFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        string sources = Path.Combine(Repository.Root, "tests", "Gpu", "CudaEmulator");
        foreach (string header in Directory.GetFiles(sources, "*.h")) File.Copy(header, folder[Path.GetFileName(header)]);
        foreach ((string source, string library) in (ReadOnlySpan<(string, string)>)[("cuda.cpp", "libcuda.so.1"), ("nvrtc.cpp", "libnvrtc.so.12")])
        {
            string[] arguments = ["-std=c++17", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-pthread", "-o", folder[library], source, "-ldl"];
            using var compiler = Process.Start(new ProcessStartInfo("c++", arguments) { WorkingDirectory = sources, RedirectStandardError = true })!;
            string log = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            Assert.That(compiler.ExitCode, Is.Zero, log);
        }
        return folder;
    }
}
