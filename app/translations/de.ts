<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
  <context>
    <name>app</name>
    <message>
      <source>tip</source>
      <translation>Spitze</translation>
    </message>
    <message>
      <source>flexion</source>
      <translation>Beugung</translation>
    </message>
    <message>
      <source>abduction</source>
      <translation>Spreizung</translation>
    </message>
    <message>
      <source>twist</source>
      <translation>Drehung</translation>
    </message>
    <message>
      <source>real hands</source>
      <translation>echte Hände</translation>
    </message>
    <message>
      <source>renders</source>
      <translation>gerenderte</translation>
    </message>
    <message>
      <source>video clips</source>
      <translation>Videoclips</translation>
    </message>
    <message>
      <source>778 vertices (MANO's size)</source>
      <translation>778 Punkte (wie MANO)</translation>
    </message>
    <message>
      <source>1,500 vertices (balanced)</source>
      <translation>1.500 Punkte (ausgewogen)</translation>
    </message>
    <message>
      <source>6,573 vertices (finest)</source>
      <translation>6.573 Punkte (am feinsten)</translation>
    </message>
    <message>
      <source>Hand mesh</source>
      <translation>Handnetz</translation>
    </message>
    <message>
      <source>Draw the fitted mesh over the picture (1)</source>
      <translation>Das angepasste Netz über das Bild zeichnen (1)</translation>
    </message>
    <message>
      <source>Hand &amp;mesh</source>
      <translation>Hand&amp;netz</translation>
    </message>
    <message>
      <source>Skeleton</source>
      <translation>Skelett</translation>
    </message>
    <message>
      <source>Draw the 21 joints and their bones (2)</source>
      <translation>Die 21 Gelenke und ihre Knochen zeichnen (2)</translation>
    </message>
    <message>
      <source>&amp;Skeleton</source>
      <translation>&amp;Skelett</translation>
    </message>
    <message>
      <source>Crop boxes</source>
      <translation>Ausschnitte</translation>
    </message>
    <message>
      <source>Draw the square each estimate was made from (3)</source>
      <translation>Das Quadrat zeichnen, aus dem geschätzt wurde (3)</translation>
    </message>
    <message>
      <source>Crop &amp;boxes</source>
      <translation>&amp;Ausschnitte</translation>
    </message>
    <message>
      <source>Labels</source>
      <translation>Beschriftung</translation>
    </message>
    <message>
      <source>Name each hand and its confidence (4)</source>
      <translation>Jede Hand und ihre Konfidenz nennen (4)</translation>
    </message>
    <message>
      <source>&amp;Labels</source>
      <translation>&amp;Beschriftung</translation>
    </message>
    <message>
      <source>S&amp;wap the views</source>
      <translation>Ansichten &amp;tauschen</translation>
    </message>
    <message>
      <source>Mirror picture</source>
      <translation>Bild spiegeln</translation>
    </message>
    <message>
      <source>Selfie view: flips what is seen, never the data (M)</source>
      <translation>Selfie: spiegelt, was zu sehen ist, nie die Daten (M)</translation>
    </message>
    <message>
      <source>M&amp;irror picture</source>
      <translation>Bild &amp;spiegeln</translation>
    </message>
    <message>
      <source>Follow the hands</source>
      <translation>Den Händen folgen</translation>
    </message>
    <message>
      <source>Enlarge the picture around the hands and go with them (H)</source>
      <translation>Das Bild um die Hände vergrößern und mitgehen (H)</translation>
    </message>
    <message>
      <source>Fo&amp;llow the hands in the picture</source>
      <translation>Den Händen im Bild f&amp;olgen</translation>
    </message>
    <message>
      <source>Curves over time</source>
      <translation>Kurven über die Zeit</translation>
    </message>
    <message>
      <source>Draw flexion, confidence or speed under the picture (U)</source>
      <translation>Beugung, Konfidenz oder Geschwindigkeit unter dem Bild (U)</translation>
    </message>
    <message>
      <source>Cur&amp;ves over time</source>
      <translation>K&amp;urven über die Zeit</translation>
    </message>
    <message>
      <source>On the hand only</source>
      <translation>Nur auf der Hand</translation>
    </message>
    <message>
      <source>Colour the hand and leave the rest of the crop (0)</source>
      <translation>Die Hand färben und den Rest des Ausschnitts lassen (0)</translation>
    </message>
    <message>
      <source>Map on the &amp;hand only</source>
      <translation>Karte nur auf &amp;der Hand</translation>
    </message>
    <message>
      <source>Show the joints in the 3D view (K)</source>
      <translation>Die Gelenke in der 3D-Ansicht zeigen (K)</translation>
    </message>
    <message>
      <source>Fingertip trails</source>
      <translation>Spuren der Fingerspitzen</translation>
    </message>
    <message>
      <source>Show where the fingertips have been, fading (T)</source>
      <translation>Zeigen, wo die Fingerspitzen waren, verblassend (T)</translation>
    </message>
    <message>
      <source>Fingertip &amp;trails</source>
      <translation>Spuren &amp;der Fingerspitzen</translation>
    </message>
    <message>
      <source>Centre the hands</source>
      <translation>Hände in die Mitte</translation>
    </message>
    <message>
      <source>Put the hands side by side instead of in their metric places (X)</source>
      <translation>Die Hände nebeneinander statt an ihre wahren Orte (X)</translation>
    </message>
    <message>
      <source>&amp;Centre the hands</source>
      <translation>Hände in die &amp;Mitte</translation>
    </message>
    <message>
      <source>Keep the hands in the middle (F)</source>
      <translation>Die Hände in der Mitte halten (F)</translation>
    </message>
    <message>
      <source>&amp;Follow the hands</source>
      <translation>Den Händen &amp;folgen</translation>
    </message>
    <message>
      <source>Ground grid and axes</source>
      <translation>Bodengitter und Achsen</translation>
    </message>
    <message>
      <source>Show a ground grid of 5 cm and the axes (G)</source>
      <translation>Bodengitter von 5 cm und die Achsen zeigen (G)</translation>
    </message>
    <message>
      <source>&amp;Ground grid and axes</source>
      <translation>Boden&amp;gitter und Achsen</translation>
    </message>
    <message>
      <source>Camera and its view</source>
      <translation>Kamera und ihr Blickfeld</translation>
    </message>
    <message>
      <source>Show the camera and the pyramid that it sees (C)</source>
      <translation>Die Kamera und die Pyramide zeigen, die sie sieht (C)</translation>
    </message>
    <message>
      <source>Camera and its &amp;view</source>
      <translation>Kamera und ihr &amp;Blickfeld</translation>
    </message>
    <message>
      <source>Video</source>
      <translation>Video</translation>
    </message>
    <message>
      <source>The picture with its overlay (MP4)</source>
      <translation>Das Bild mit seiner Überlagerung (MP4)</translation>
    </message>
    <message>
      <source>Raw video</source>
      <translation>Rohvideo</translation>
    </message>
    <message>
      <source>The source's frames as they came, nothing drawn (MP4)</source>
      <translation>Die Bilder der Quelle, wie sie kamen, nichts darauf gezeichnet (MP4)</translation>
    </message>
    <message>
      <source>JSONL</source>
      <translation>JSONL</translation>
    </message>
    <message>
      <source>All parameters, frame by frame; the other formats can be made of it later</source>
      <translation>Alle Parameter, Bild für Bild; die anderen Formate können später daraus gemacht werden</translation>
    </message>
    <message>
      <source>Finger flexion</source>
      <translation>Beugung der Finger</translation>
    </message>
    <message>
      <source>Confidence</source>
      <translation>Konfidenz</translation>
    </message>
    <message>
      <source>Speed of the hand</source>
      <translation>Geschwindigkeit der Hand</translation>
    </message>
    <message>
      <source>frame</source>
      <translation>Bild</translation>
    </message>
    <message>
      <source>frames</source>
      <translation>Bilder</translation>
    </message>
    <message>
      <source>the view</source>
      <translation>die Ansicht</translation>
    </message>
    <message>
      <source>the model</source>
      <translation>das Modell</translation>
    </message>
    <message>
      <source>what recordings write</source>
      <translation>was Aufnahmen schreiben</translation>
    </message>
    <message>
      <source>renaming {name}</source>
      <translation>Umbenennen von {name}</translation>
    </message>
    <message>
      <source>deleting {name}</source>
      <translation>Löschen von {name}</translation>
    </message>
    <message>
      <source>{reason}: there is not enough memory. Close other programs, or ask for less</source>
      <translation>{reason}: der Speicher reicht nicht. Andere Programme schließen oder weniger verlangen</translation>
    </message>
    <message>
      <source>{reason} ({error}); the log has the details</source>
      <translation>{reason} ({error}); Näheres im Protokoll</translation>
    </message>
    <message>
      <source>1 frame was passed over because {reason}</source>
      <translation>1 Bild wurde übergangen: {reason}</translation>
    </message>
    <message>
      <source>{count} frames were passed over, the last one because {reason}</source>
      <translation>{count} Bilder wurden übergangen, das letzte: {reason}</translation>
    </message>
    <message>
      <source>{name} was not exported: {reason}</source>
      <translation>{name} wurde nicht exportiert: {reason}</translation>
    </message>
    <message>
      <source>{reason} Reconnecting…</source>
      <translation>{reason} Neuer Verbindungsversuch…</translation>
    </message>
    <message>
      <source>{path} does not exist: check the path</source>
      <translation>{path} gibt es nicht: Pfad prüfen</translation>
    </message>
    <message>
      <source>{path} does not exist ({reason}): check the path</source>
      <translation>{path} gibt es nicht ({reason}): Pfad prüfen</translation>
    </message>
    <message>
      <source>{path} is not a file: check the path</source>
      <translation>{path} ist keine Datei: Pfad prüfen</translation>
    </message>
    <message>
      <source>{path} cannot be read ({reason}): check its rights</source>
      <translation>{path} kann nicht gelesen werden ({reason}): Rechte prüfen</translation>
    </message>
    <message>
      <source>{path} is no path: check it</source>
      <translation>{path} ist kein Pfad: bitte prüfen</translation>
    </message>
    <message>
      <source>{name} is empty (0 bytes): record or copy it again</source>
      <translation>{name} ist leer (0 Byte): neu aufnehmen oder kopieren</translation>
    </message>
    <message>
      <source>{name} is not a video that can be read: it may be damaged, incomplete or of another kind; try another file</source>
      <translation>{name} ist kein lesbares Video: es ist vielleicht beschädigt, unvollständig oder von anderer Art; eine andere Datei versuchen</translation>
    </message>
    <message>
      <source>{name} holds no frame that can be decoded: it may be damaged or still being written; try another file</source>
      <translation>{name} enthält kein Bild, das sich dekodieren lässt: vielleicht beschädigt oder noch nicht fertig geschrieben; eine andere Datei versuchen</translation>
    </message>
    <message>
      <source>{name} holds nothing more that can be decoded</source>
      <translation>{name} enthält nichts mehr, das sich dekodieren lässt</translation>
    </message>
    <message>
      <source>{name} has sound but no picture: choose a video</source>
      <translation>{name} hat Ton, aber kein Bild: ein Video wählen</translation>
    </message>
    <message>
      <source>{where} holds no image that can be read: choose another one</source>
      <translation>{where} enthält kein lesbares Bild: etwas anderes wählen</translation>
    </message>
    <message>
      <source>there is no {name} ({device}): plug in a camera, or open a video file instead</source>
      <translation>{name} gibt es nicht ({device}): eine Kamera anschließen oder eine Videodatei öffnen</translation>
    </message>
    <message>
      <source>there is no camera named {camera}: {hint}</source>
      <translation>Keine Kamera heißt {camera}: {hint}</translation>
    </message>
    <message>
      <source>no permission to use {name} ({device}): add yourself to the group 'video' (sudo usermod -aG video $USER) and log in again</source>
      <translation>{name} darf nicht benutzt werden ({device}): sich in die Gruppe 'video' aufnehmen (sudo usermod -aG video $USER) und neu anmelden</translation>
    </message>
    <message>
      <source>{name} gives no picture: another program may be using it; close that program or choose another camera</source>
      <translation>{name} liefert kein Bild: vielleicht benutzt sie ein anderes Programm; dieses schließen oder eine andere Kamera wählen</translation>
    </message>
    <message>
      <source>{name} cannot be opened as a video stream ({reason}): check the address, the password and that the camera is on</source>
      <translation>{name} lässt sich nicht als Videostrom öffnen ({reason}): Adresse und Passwort prüfen und ob die Kamera an ist</translation>
    </message>
    <message>
      <source>{name} is not a stream address: give http://host/path or rtsp://host/path</source>
      <translation>{name} ist keine Adresse eines Stroms: http://host/path oder rtsp://host/path angeben</translation>
    </message>
    <message>
      <source>{name} sends no picture: check the address</source>
      <translation>{name} sendet kein Bild: Adresse prüfen</translation>
    </message>
    <message>
      <source>{name} does not answer ({reason}): check the address and that the camera is on</source>
      <translation>{name} antwortet nicht ({reason}): Adresse prüfen und ob die Kamera an ist</translation>
    </message>
    <message>
      <source>{address} cannot be opened: addresses begin with http://, https:// or rtsp://</source>
      <translation>{address} lässt sich nicht öffnen: Adressen beginnen mit http://, https:// oder rtsp://</translation>
    </message>
    <message>
      <source>There is no CUDA device here (or a CPU build of PyTorch): choose the CPU</source>
      <translation>Hier gibt es kein CUDA-Gerät (oder PyTorch ist für CPUs gebaut): CPU wählen</translation>
    </message>
    <message>
      <source>There is no estimator {name}: give {known}, or a file of weights</source>
      <translation>Kein Schätzer heißt {name}: {known} oder eine Datei mit Gewichten angeben</translation>
    </message>
    <message>
      <source>The weights {name} do not come with this version: use landmarks</source>
      <translation>Die Gewichte {name} gehören nicht zu dieser Version: landmarks nehmen</translation>
    </message>
    <message>
      <source>There is no hand model {name}; give {known} or the path of a MANO file, zip or folder</source>
      <translation>Kein Handmodell heißt {name}; {known} oder den Pfad einer MANO-Datei, eines Zips oder Ordners angeben</translation>
    </message>
    <message>
      <source>the recording stopped ({reason}): make room or choose another folder; what was recorded so far is in {path}</source>
      <translation>Die Aufnahme brach ab ({reason}): Platz schaffen oder einen anderen Ordner wählen; was aufgenommen wurde, ist in {path}</translation>
    </message>
    <message>
      <source>{path} cannot be written ({reason}): choose another folder</source>
      <translation>{path} kann nicht geschrieben werden ({reason}): einen anderen Ordner wählen</translation>
    </message>
    <message>
      <source>cannot write {path}: it is a folder; name a file in it</source>
      <translation>{path} kann nicht geschrieben werden: es ist ein Ordner; eine Datei darin nennen</translation>
    </message>
    <message>
      <source>WebSocket: cannot listen on {host} port {port} ({reason}); choose another port</source>
      <translation>WebSocket: kein Empfang auf {host}, Port {port} ({reason}); einen anderen Port wählen</translation>
    </message>
    <message>
      <source>Open3D could not create an OpenGL context for the 3D view; install libegl1 and libgl1 (Mesa) or run headless</source>
      <translation>Open3D bekam keinen OpenGL-Kontext für die 3D-Ansicht; libegl1 und libgl1 (Mesa) installieren oder ohne Fenster starten</translation>
    </message>
    <message>
      <source>{path} is not a results log (its first line is no {format} header)</source>
      <translation>{path} ist keine Ergebnisdatei (in ihrer ersten Zeile fehlt {format})</translation>
    </message>
    <message>
      <source>the memory limit (ulimit -v) leaves {room} MB, and a network needs {needed} MB: raise the limit</source>
      <translation>Die Speichergrenze (ulimit -v) lässt {room} MB, und ein Netz braucht {needed} MB: die Grenze anheben</translation>
    </message>
    <message>
      <source>{host} is no host: use a computer's name or its address, such as 192.168.1.9</source>
      <translation>{host} ist kein Rechner: den Namen eines Rechners oder seine Adresse angeben, etwa 192.168.1.9</translation>
    </message>
    <message>
      <source>The hand model changed, so the recording was finished</source>
      <translation>Das Handmodell wechselte, daher wurde die Aufnahme beendet</translation>
    </message>
    <message>
      <source>Open a source first, then record</source>
      <translation>Erst eine Quelle öffnen, dann aufnehmen</translation>
    </message>
    <message>
      <source>Open a file first: a range of it can be recorded</source>
      <translation>Erst eine Datei öffnen: ein Abschnitt davon lässt sich aufnehmen</translation>
    </message>
    <message>
      <source>The picture is paused, so this frame is recorded: press Space to go on</source>
      <translation>Das Bild steht still, daher wird dieses aufgenommen: weiter mit der Leertaste</translation>
    </message>
    <message>
      <source>{name} was not exported</source>
      <translation>{name} wurde nicht exportiert</translation>
    </message>
    <message>
      <source>Nothing is sent to {target}</source>
      <translation>An {target} wird nichts gesendet</translation>
    </message>
    <message>
      <source>Something went wrong</source>
      <translation>Etwas ging schief</translation>
    </message>
    <message>
      <source>The model could not be built</source>
      <translation>Das Modell konnte nicht gebaut werden</translation>
    </message>
    <message>
      <source>The recording failed</source>
      <translation>Die Aufnahme ging schief</translation>
    </message>
    <message>
      <source>A file could not be completed</source>
      <translation>Eine Datei konnte nicht fertiggestellt werden</translation>
    </message>
    <message>
      <source>The comparison stopped</source>
      <translation>Der Vergleich brach ab</translation>
    </message>
    <message>
      <source>The 3D view was not recorded</source>
      <translation>Die 3D-Ansicht wurde nicht aufgenommen</translation>
    </message>
    <message>
      <source>The 3D view stopped</source>
      <translation>Die 3D-Ansicht brach ab</translation>
    </message>
    <message>
      <source>The export of {name} was stopped</source>
      <translation>Der Export von {name} wurde abgebrochen</translation>
    </message>
    <message>
      <source>There is no hand in this frame to save; wait until one is found</source>
      <translation>In diesem Bild ist keine Hand zum Speichern; warten, bis eine gefunden wird</translation>
    </message>
    <message>
      <source>There is a take called {name} already; choose another name</source>
      <translation>Eine Aufnahme heißt schon {name}; einen anderen Namen wählen</translation>
    </message>
    <message>
      <source>{name} is being exported: wait or cancel that first</source>
      <translation>{name} wird gerade exportiert: warten oder das abbrechen</translation>
    </message>
    <message>
      <source>{name} holds no frame: choose another take</source>
      <translation>{name} enthält kein Bild: eine andere Aufnahme wählen</translation>
    </message>
    <message>
      <source>Labelling…</source>
      <translation>Wird beschriftet…</translation>
    </message>
    <message>
      <source>Getting ready: the first time takes some minutes…</source>
      <translation>Vorbereitung: das erste Mal dauert einige Minuten…</translation>
    </message>
    <message>
      <source>Stopping: what is done so far is kept…</source>
      <translation>Wird beendet: Erreichtes bleibt…</translation>
    </message>
    <message>
      <source>Cancelled; the clips are kept</source>
      <translation>Abgebrochen; die Clips bleiben</translation>
    </message>
    <message>
      <source>Done: the new weights are ready</source>
      <translation>Fertig: die neuen Gewichte sind da</translation>
    </message>
    <message>
      <source>the network {name}</source>
      <translation>das Netzwerk {name}</translation>
    </message>
    <message>
      <source>Meshes come from the landmark estimator; no trained network is installed</source>
      <translation>Netze kommen vom Punkte-Schätzer; kein trainiertes Netzwerk ist installiert</translation>
    </message>
    <message>
      <source>the landmark estimator</source>
      <translation>der Punkte-Schätzer</translation>
    </message>
    <message>
      <source>the usual estimator</source>
      <translation>der übliche Schätzer</translation>
    </message>
    <message>
      <source>Meshes come from the landmark estimator</source>
      <translation>Netze kommen vom Punkte-Schätzer</translation>
    </message>
    <message>
      <source>, which is experimental</source>
      <translation>, das ein Versuch ist</translation>
    </message>
    <message>
      <source>Meshes come from the network {name}</source>
      <translation>Netze kommen vom Netzwerk {name}</translation>
    </message>
    <message>
      <source>Meshes are fitted to landmarks and the network {name}</source>
      <translation>Netze werden an Punkte und das Netzwerk {name} angepasst</translation>
    </message>
    <message>
      <source>Camera</source>
      <translation>Kamera</translation>
    </message>
    <message>
      <source>Cameras this computer has</source>
      <translation>Kameras dieses Computers</translation>
    </message>
    <message>
      <source>Look for cameras again</source>
      <translation>Nach Kameras suchen</translation>
    </message>
    <message>
      <source>Start</source>
      <translation>Starten</translation>
    </message>
    <message>
      <source>Open the chosen camera</source>
      <translation>Die gewählte Kamera öffnen</translation>
    </message>
    <message>
      <source>Resolution</source>
      <translation>Auflösung</translation>
    </message>
    <message>
      <source>Picture size to ask the camera for; larger costs frames a second</source>
      <translation>Bildgröße, um die die Kamera gebeten wird; größere kosten Bilder je Sekunde</translation>
    </message>
    <message>
      <source>Frame rate</source>
      <translation>Bildrate</translation>
    </message>
    <message>
      <source>Frames a second to ask the camera for</source>
      <translation>Bilder je Sekunde, um die die Kamera gebeten wird</translation>
    </message>
    <message>
      <source>Looking for cameras…</source>
      <translation>Kameras werden gesucht…</translation>
    </message>
    <message>
      <source>Plug one in and press refresh.</source>
      <translation>Eine anschließen und neu suchen.</translation>
    </message>
    <message>
      <source>Automatic size</source>
      <translation>Auto-Größe</translation>
    </message>
    <message>
      <source>Any rate</source>
      <translation>Jede Rate</translation>
    </message>
    <message>
      <source>No camera found</source>
      <translation>Keine Kamera</translation>
    </message>
    <message>
      <source>Restart</source>
      <translation>Neu starten</translation>
    </message>
    <message>
      <source>{rate} fps</source>
      <translation>{rate} B/s</translation>
    </message>
    <message>
      <source>Compare two estimators</source>
      <translation>Zwei Schätzer vergleichen</translation>
    </message>
    <message>
      <source>Another estimator on the same picture, right of a line that can be dragged (W)</source>
      <translation>Ein anderer Schätzer auf demselben Bild, rechts einer Linie, die sich ziehen lässt (W)</translation>
    </message>
    <message>
      <source>The second estimator (Shift+W for the next)</source>
      <translation>Der zweite Schätzer (Umschalt+W für den nächsten)</translation>
    </message>
    <message>
      <source>The second estimator</source>
      <translation>Der zweite Schätzer</translation>
    </message>
    <message>
      <source>Loading {what}…</source>
      <translation>{what} wird geladen…</translation>
    </message>
    <message>
      <source>Left of the line is the estimator of the Model page, which alone is recorded. Off: how far its joints are from the detector's landmarks.</source>
      <translation>Links der Linie ist der Schätzer der Seite Modell, der allein aufgenommen wird. Abweichung: wie weit seine Gelenke von den Punkten des Detektors sind.</translation>
    </message>
    <message>
      <source>This computer only</source>
      <translation>Nur dieser Computer</translation>
    </message>
    <message>
      <source>Everybody on my network</source>
      <translation>Alle in meinem Netz</translation>
    </message>
    <message>
      <source>OSC</source>
      <translation>OSC</translation>
    </message>
    <message>
      <source>OSC over UDP</source>
      <translation>OSC über UDP</translation>
    </message>
    <message>
      <source>Send to Blender, TouchDesigner, Max and the like</source>
      <translation>An Blender, TouchDesigner, Max und andere senden</translation>
    </message>
    <message>
      <source>Avatars</source>
      <translation>Avatare</translation>
    </message>
    <message>
      <source>VMC</source>
      <translation>VMC</translation>
    </message>
    <message>
      <source>Move an avatar's hands in VSeeFace, VNyan, Warudo and others</source>
      <translation>Hände eines Avatars in VSeeFace, VNyan, Warudo und anderen bewegen</translation>
    </message>
    <message>
      <source>Rerun</source>
      <translation>Rerun</translation>
    </message>
    <message>
      <source>Rerun viewer</source>
      <translation>Rerun-Betrachter</translation>
    </message>
    <message>
      <source>Picture, hands and curves in a Rerun viewer</source>
      <translation>Bild, Hände und Kurven in einem Rerun-Betrachter</translation>
    </message>
    <message>
      <source>Nobody listens yet.</source>
      <translation>Noch hört niemand zu.</translation>
    </message>
    <message>
      <source>Host that {what} goes to</source>
      <translation>Rechner, zu dem {what} geht</translation>
    </message>
    <message>
      <source>Name or address of the computer to send to</source>
      <translation>Name oder Adresse des Rechners, an den gesendet wird</translation>
    </message>
    <message>
      <source>Port that {what} goes to</source>
      <translation>Port, zu dem {what} geht</translation>
    </message>
    <message>
      <source>{frames} sent to {address}</source>
      <translation>{frames} an {address} gesendet</translation>
    </message>
    <message>
      <source>Show example receivers</source>
      <translation>Beispiel-Empfänger zeigen</translation>
    </message>
    <message>
      <source>A receiver for Blender and the page's source; docs/live-out.md has the schema</source>
      <translation>Ein Empfänger für Blender und der Quelltext der Seite; docs/live-out.md hat das Schema</translation>
    </message>
    <message>
      <source>Browser and programs</source>
      <translation>Browser und Programme</translation>
    </message>
    <message>
      <source>Receivers</source>
      <translation>Empfänger</translation>
    </message>
    <message>
      <source>Serve joints and parameters, and a page that shows the hands</source>
      <translation>Gelenke und Parameter anbieten, und eine Seite, die die Hände zeigt</translation>
    </message>
    <message>
      <source>Port of the WebSocket</source>
      <translation>Port des WebSockets</translation>
    </message>
    <message>
      <source>Who may connect</source>
      <translation>Wer sich verbinden darf</translation>
    </message>
    <message>
      <source>Who may connect to the WebSocket</source>
      <translation>Wer sich mit dem WebSocket verbinden darf</translation>
    </message>
    <message>
      <source>There is no password: whoever can reach this port can watch.</source>
      <translation>Es gibt kein Passwort: Wer diesen Port erreicht, kann zusehen.</translation>
    </message>
    <message>
      <source>Open page</source>
      <translation>Seite öffnen</translation>
    </message>
    <message>
      <source>Show the hands in your browser</source>
      <translation>Die Hände im Browser zeigen</translation>
    </message>
    <message>
      <source>Copy address</source>
      <translation>Adresse kopieren</translation>
    </message>
    <message>
      <source>Copy the WebSocket's address for your own program</source>
      <translation>Die Adresse des WebSockets für ein eigenes Programm kopieren</translation>
    </message>
    <message>
      <source>, {count} skipped</source>
      <translation>, {count} ausgelassen</translation>
    </message>
    <message>
      <source>Port</source>
      <translation>Port</translation>
    </message>
    <message>
      <source>On {host}</source>
      <translation>Auf {host}</translation>
    </message>
    <message>
      <source>To</source>
      <translation>An</translation>
    </message>
    <message>
      <source>and {count} more</source>
      <translation>und {count} weitere</translation>
    </message>
    <message>
      <source>Automatic</source>
      <translation>Automatisch</translation>
    </message>
    <message>
      <source>CPU</source>
      <translation>CPU</translation>
    </message>
    <message>
      <source>GPU (CUDA)</source>
      <translation>GPU (CUDA)</translation>
    </message>
    <message>
      <source>Full (float32)</source>
      <translation>Voll (float32)</translation>
    </message>
    <message>
      <source>Half (faster)</source>
      <translation>Halb (schneller)</translation>
    </message>
    <message>
      <source>Start a hand from</source>
      <translation>Hand beginnen ab</translation>
    </message>
    <message>
      <source>Least score of a palm that starts a hand</source>
      <translation>Kleinste Wertung einer Handfläche, die eine Hand beginnt</translation>
    </message>
    <message>
      <source>Keep a hand from</source>
      <translation>Hand behalten ab</translation>
    </message>
    <message>
      <source>Below this a followed hand is searched anew</source>
      <translation>Darunter wird eine verfolgte Hand neu gesucht</translation>
    </message>
    <message>
      <source>Follow from</source>
      <translation>Folgen ab</translation>
    </message>
    <message>
      <source>Least overlap of a hand's boxes from frame to frame</source>
      <translation>Kleinste Überdeckung der Kästen einer Hand von Bild zu Bild</translation>
    </message>
    <message>
      <source>Typical error of a joint: {errors}</source>
      <translation>Üblicher Fehler eines Gelenks: {errors}</translation>
    </message>
    <message>
      <source>Estimator</source>
      <translation>Schätzer</translation>
    </message>
    <message>
      <source>What turns landmarks and pixels into a mesh</source>
      <translation>Was aus Punkten und Pixeln ein Netz macht</translation>
    </message>
    <message>
      <source>Automatic ({what})</source>
      <translation>Automatisch ({what})</translation>
    </message>
    <message>
      <source>Use a network…</source>
      <translation>Netzwerk verwenden…</translation>
    </message>
    <message>
      <source>Choose a network's weights: .safetensors, or a published snapshot_*.pth.tar</source>
      <translation>Gewichte eines Netzwerks wählen: .safetensors oder ein veröffentlichtes snapshot_*.pth.tar</translation>
    </message>
    <message>
      <source>Facts about the weights</source>
      <translation>Angaben zu den Gewichten</translation>
    </message>
    <message>
      <source>Loading the model</source>
      <translation>Das Modell wird geladen</translation>
    </message>
    <message>
      <source>Device</source>
      <translation>Gerät</translation>
    </message>
    <message>
      <source>Where a network runs</source>
      <translation>Wo ein Netzwerk läuft</translation>
    </message>
    <message>
      <source>Precision</source>
      <translation>Genauigkeit</translation>
    </message>
    <message>
      <source>Half precision where the machine computes with it</source>
      <translation>Halbe Genauigkeit, wo der Rechner damit rechnet</translation>
    </message>
    <message>
      <source>Hand model</source>
      <translation>Handmodell</translation>
    </message>
    <message>
      <source>The mesh's density; poses and shapes mean the same in each</source>
      <translation>Die Dichte des Netzes; Posen und Formen bedeuten in jedem dasselbe</translation>
    </message>
    <message>
      <source>Use my MANO files…</source>
      <translation>Eigene MANO-Dateien…</translation>
    </message>
    <message>
      <source>Choose a MANO_RIGHT.pkl, the zip or the folder of both</source>
      <translation>Eine MANO_RIGHT.pkl wählen, das Zip oder den Ordner mit beiden</translation>
    </message>
    <message>
      <source>Smoothing</source>
      <translation>Glättung</translation>
    </message>
    <message>
      <source>Steadier hands against quicker response</source>
      <translation>Ruhigere Hände gegen schnelleres Ansprechen</translation>
    </message>
    <message>
      <source>Motion</source>
      <translation>Bewegung</translation>
    </message>
    <message>
      <source>Most hands</source>
      <translation>Höchstens Hände</translation>
    </message>
    <message>
      <source>How many hands are looked for</source>
      <translation>Wie viele Hände gesucht werden</translation>
    </message>
    <message>
      <source>Detector</source>
      <translation>Detektor</translation>
    </message>
    <message>
      <source>Field of view</source>
      <translation>Blickwinkel</translation>
    </message>
    <message>
      <source>Horizontal field of view of the camera: sets depth and size</source>
      <translation>Waagerechter Blickwinkel der Kamera: bestimmt Tiefe und Größe</translation>
    </message>
    <message>
      <source>Calibrate with a chessboard…</source>
      <translation>Mit Schachbrett kalibrieren…</translation>
    </message>
    <message>
      <source>Measure the lens of the open source, once per camera</source>
      <translation>Das Objektiv der offenen Quelle messen, einmal je Kamera</translation>
    </message>
    <message>
      <source>Load calibration…</source>
      <translation>Kalibrierung laden…</translation>
    </message>
    <message>
      <source>Use a calibrated camera instead of a field of view</source>
      <translation>Eine kalibrierte Kamera statt eines Blickwinkels verwenden</translation>
    </message>
    <message>
      <source>Lens</source>
      <translation>Objektiv</translation>
    </message>
    <message>
      <source>Network weights</source>
      <translation>Netzwerkgewichte</translation>
    </message>
    <message>
      <source>Weights (*.safetensors *.tar *.pth);;All files (*)</source>
      <translation>Gewichte (*.safetensors *.tar *.pth);;Alle Dateien (*)</translation>
    </message>
    <message>
      <source>MANO model</source>
      <translation>MANO-Modell</translation>
    </message>
    <message>
      <source>MANO (*.pkl *.zip *.npz);;All files (*)</source>
      <translation>MANO (*.pkl *.zip *.npz);;Alle Dateien (*)</translation>
    </message>
    <message>
      <source>Camera calibration</source>
      <translation>Kamerakalibrierung</translation>
    </message>
    <message>
      <source>Calibration (*.json *.yaml *.yml *.npz);;All files (*)</source>
      <translation>Kalibrierung (*.json *.yaml *.yml *.npz);;Alle Dateien (*)</translation>
    </message>
    <message>
      <source>Remove calibration</source>
      <translation>Kalibrierung entfernen</translation>
    </message>
    <message>
      <source>Loading {what}: a large one takes a while.</source>
      <translation>{what} wird geladen: ein großes braucht eine Weile.</translation>
    </message>
    <message>
      <source>Less</source>
      <translation>Weniger</translation>
    </message>
    <message>
      <source>More about these weights</source>
      <translation>Mehr über diese Gewichte</translation>
    </message>
    <message>
      <source>off</source>
      <translation>aus</translation>
    </message>
    <message>
      <source>Until then: {note}</source>
      <translation>Bis dahin: {note}</translation>
    </message>
    <message>
      <source>Source</source>
      <translation>Quelle</translation>
    </message>
    <message>
      <source>Cameras, files and streams (Alt+1)</source>
      <translation>Kameras, Dateien und Streams (Alt+1)</translation>
    </message>
    <message>
      <source>Page: source</source>
      <translation>Seite: Quelle</translation>
    </message>
    <message>
      <source>View</source>
      <translation>Ansicht</translation>
    </message>
    <message>
      <source>What the views show (Alt+2)</source>
      <translation>Was die Ansichten zeigen (Alt+2)</translation>
    </message>
    <message>
      <source>Page: view</source>
      <translation>Seite: Ansicht</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>Modell</translation>
    </message>
    <message>
      <source>Estimator, hand model, smoothing (Alt+3)</source>
      <translation>Schätzer, Handmodell, Glättung (Alt+3)</translation>
    </message>
    <message>
      <source>Page: model</source>
      <translation>Seite: Modell</translation>
    </message>
    <message>
      <source>Record</source>
      <translation>Aufnahme</translation>
    </message>
    <message>
      <source>Recordings and snapshots (Alt+4)</source>
      <translation>Aufnahmen und Schnappschüsse (Alt+4)</translation>
    </message>
    <message>
      <source>Page: record</source>
      <translation>Seite: Aufnahme</translation>
    </message>
    <message>
      <source>Live</source>
      <translation>Live</translation>
    </message>
    <message>
      <source>Send hands to a browser, Blender and others (Alt+5)</source>
      <translation>Hände an Browser, Blender und andere senden (Alt+5)</translation>
    </message>
    <message>
      <source>Page: live</source>
      <translation>Seite: Live</translation>
    </message>
    <message>
      <source>Train</source>
      <translation>Üben</translation>
    </message>
    <message>
      <source>Fine-tune the network on your hands (Alt+6)</source>
      <translation>Das Netzwerk auf die eigenen Hände abstimmen (Alt+6)</translation>
    </message>
    <message>
      <source>Page: train</source>
      <translation>Seite: Üben</translation>
    </message>
    <message>
      <source>OBJ mesh</source>
      <translation>OBJ-Netz</translation>
    </message>
    <message>
      <source>PLY mesh</source>
      <translation>PLY-Netz</translation>
    </message>
    <message>
      <source>Picture</source>
      <translation>Bild</translation>
    </message>
    <message>
      <source>3D view: not recorded</source>
      <translation>3D-Ansicht: nicht aufgenommen</translation>
    </message>
    <message>
      <source>3D view: as a video</source>
      <translation>3D-Ansicht: als Video</translation>
    </message>
    <message>
      <source>3D view and picture side by side</source>
      <translation>3D-Ansicht und Bild nebeneinander</translation>
    </message>
    <message>
      <source>Nothing recorded yet.</source>
      <translation>Noch nichts aufgenommen.</translation>
    </message>
    <message>
      <source>3D view in recordings</source>
      <translation>3D-Ansicht in Aufnahmen</translation>
    </message>
    <message>
      <source>A video of the 3D view, as it is seen while it is on the stage, with each take</source>
      <translation>Zu jeder Aufnahme ein Video der 3D-Ansicht, wie sie auf der Bühne zu sehen ist</translation>
    </message>
    <message>
      <source>Files</source>
      <translation>Dateien</translation>
    </message>
    <message>
      <source>Takes</source>
      <translation>Aufnahmen</translation>
    </message>
    <message>
      <source>Snapshot</source>
      <translation>Schnappschuss</translation>
    </message>
    <message>
      <source>Choose the folder</source>
      <translation>Den Ordner wählen</translation>
    </message>
    <message>
      <source>Recordings and pictures go to {folder}</source>
      <translation>Aufnahmen und Bilder kommen nach {folder}</translation>
    </message>
    <message>
      <source>Paused: press Space and it goes on.</source>
      <translation>Angehalten: Leertaste, dann geht es weiter.</translation>
    </message>
    <message>
      <source>Folder for recordings</source>
      <translation>Ordner für Aufnahmen</translation>
    </message>
    <message>
      <source>Save this frame as {kind}</source>
      <translation>Dieses Bild als {kind} speichern</translation>
    </message>
    <message>
      <source>, {count} left out</source>
      <translation>, {count} ausgelassen</translation>
    </message>
    <message>
      <source>Completing the files…</source>
      <translation>Dateien werden fertiggestellt…</translation>
    </message>
    <message>
      <source>Ready.</source>
      <translation>Bereit.</translation>
    </message>
    <message>
      <source>Videos, pictures and takes (*.mp4 *.mov *.mkv *.webm *.avi *.m4v *.mpg *.png *.jpg *.jpeg *.bmp *.webp *.jsonl *.npz);;All files (*)</source>
      <translation>Videos, Bilder und Aufnahmen (*.mp4 *.mov *.mkv *.webm *.avi *.m4v *.mpg *.png *.jpg *.jpeg *.bmp *.webp *.jsonl *.npz);;Alle Dateien (*)</translation>
    </message>
    <message>
      <source>{name} and {count} more</source>
      <translation>{name} und {count} weitere</translation>
    </message>
    <message>
      <source>Camera {name}</source>
      <translation>Kamera {name}</translation>
    </message>
    <message>
      <source>Nothing open</source>
      <translation>Nichts offen</translation>
    </message>
    <message>
      <source>Open a camera, a file or a stream.</source>
      <translation>Eine Kamera, eine Datei oder einen Stream öffnen.</translation>
    </message>
    <message>
      <source>Mirror picture (selfie view)</source>
      <translation>Bild spiegeln (Selfie)</translation>
    </message>
    <message>
      <source>Flips the picture on screen, never the data (M)</source>
      <translation>Spiegelt das Bild auf dem Schirm, nie die Daten (M)</translation>
    </message>
    <message>
      <source>Open file…</source>
      <translation>Datei öffnen…</translation>
    </message>
    <message>
      <source>Open a video or picture (Ctrl+O), or drop it on the window</source>
      <translation>Ein Video oder Bild öffnen (Strg+O), oder auf das Fenster ziehen</translation>
    </message>
    <message>
      <source>Image folder…</source>
      <translation>Bilderordner…</translation>
    </message>
    <message>
      <source>Look through a folder of pictures (Ctrl+Shift+O)</source>
      <translation>Einen Ordner mit Bildern durchsehen (Strg+Umschalt+O)</translation>
    </message>
    <message>
      <source>Bundled clip</source>
      <translation>Beiliegender Clip</translation>
    </message>
    <message>
      <source>Open the clip that comes with the app</source>
      <translation>Den Clip öffnen, der mit der App kommt</translation>
    </message>
    <message>
      <source>http:// or rtsp:// address</source>
      <translation>Adresse mit http:// oder rtsp://</translation>
    </message>
    <message>
      <source>Stream address</source>
      <translation>Adresse des Streams</translation>
    </message>
    <message>
      <source>Connect</source>
      <translation>Verbinden</translation>
    </message>
    <message>
      <source>Open the stream</source>
      <translation>Den Stream öffnen</translation>
    </message>
    <message>
      <source>Recent sources</source>
      <translation>Letzte Quellen</translation>
    </message>
    <message>
      <source>Clear list</source>
      <translation>Liste leeren</translation>
    </message>
    <message>
      <source>Open now</source>
      <translation>Jetzt offen</translation>
    </message>
    <message>
      <source>File</source>
      <translation>Datei</translation>
    </message>
    <message>
      <source>Stream</source>
      <translation>Stream</translation>
    </message>
    <message>
      <source>Recent</source>
      <translation>Zuletzt</translation>
    </message>
    <message>
      <source>Open a video, a picture or a take</source>
      <translation>Ein Video, ein Bild oder eine Aufnahme öffnen</translation>
    </message>
    <message>
      <source>Open a folder of pictures</source>
      <translation>Einen Ordner mit Bildern öffnen</translation>
    </message>
    <message>
      <source>picture</source>
      <translation>Bild</translation>
    </message>
    <message>
      <source>pictures</source>
      <translation>Bilder</translation>
    </message>
    <message>
      <source>Nothing yet</source>
      <translation>Noch nichts</translation>
    </message>
    <message>
      <source>{rate} frames/s</source>
      <translation>{rate} Bilder/s</translation>
    </message>
    <message>
      <source>MB</source>
      <translation>MB</translation>
    </message>
    <message>
      <source>Play this take</source>
      <translation>Diese Aufnahme abspielen</translation>
    </message>
    <message>
      <source>Play the video of this take and find its hands anew</source>
      <translation>Das Video dieser Aufnahme abspielen und die Hände neu finden</translation>
    </message>
    <message>
      <source>Replay the hands as they were recorded, without computing them</source>
      <translation>Die Hände zeigen, wie sie aufgenommen wurden, ohne zu rechnen</translation>
    </message>
    <message>
      <source>Show in folder</source>
      <translation>Im Ordner zeigen</translation>
    </message>
    <message>
      <source>Rename this take</source>
      <translation>Diese Aufnahme umbenennen</translation>
    </message>
    <message>
      <source>Delete this take (Del)</source>
      <translation>Diese Aufnahme löschen (Entf)</translation>
    </message>
    <message>
      <source>Export…</source>
      <translation>Exportieren…</translation>
    </message>
    <message>
      <source>Make other formats of this take</source>
      <translation>Andere Formate aus dieser Aufnahme machen</translation>
    </message>
    <message>
      <source>Export</source>
      <translation>Exportieren</translation>
    </message>
    <message>
      <source>Stop the export</source>
      <translation>Den Export abbrechen</translation>
    </message>
    <message>
      <source>All of these</source>
      <translation>Alle diese</translation>
    </message>
    <message>
      <source>Undo: bring {name} back</source>
      <translation>Rückgängig: {name} zurückholen</translation>
    </message>
    <message>
      <source>Rename a take</source>
      <translation>Aufnahme umbenennen</translation>
    </message>
    <message>
      <source>Name of all its files:</source>
      <translation>Name aller ihrer Dateien:</translation>
    </message>
    <message>
      <source>Your takes appear here</source>
      <translation>Hier erscheinen die Aufnahmen</translation>
    </message>
    <message>
      <source>Replay the hands</source>
      <translation>Hände wie aufgenommen zeigen</translation>
    </message>
    <message>
      <source>Play the video</source>
      <translation>Video abspielen</translation>
    </message>
    <message>
      <source>Rename…</source>
      <translation>Umbenennen…</translation>
    </message>
    <message>
      <source>Delete</source>
      <translation>Löschen</translation>
    </message>
    <message>
      <source>Record a clip of your hands from the open source</source>
      <translation>Einen Clip der eigenen Hände aus der offenen Quelle aufnehmen</translation>
    </message>
    <message>
      <source>Complete this clip</source>
      <translation>Diesen Clip abschließen</translation>
    </message>
    <message>
      <source>Remove all clips</source>
      <translation>Alle Clips entfernen</translation>
    </message>
    <message>
      <source>Training time</source>
      <translation>Trainingszeit</translation>
    </message>
    <message>
      <source>Longer fits your hands better, up to a point</source>
      <translation>Länger passt besser zu den eigenen Händen, bis zu einem Punkt</translation>
    </message>
    <message>
      <source>Label and train</source>
      <translation>Trainieren</translation>
    </message>
    <message>
      <source>Runs in a process of its own; the picture goes on</source>
      <translation>Läuft in einem eigenen Prozess; das Bild geht weiter</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Abbrechen</translation>
    </message>
    <message>
      <source>Stop; the clips and labels are kept</source>
      <translation>Anhalten; Clips und Beschriftungen bleiben</translation>
    </message>
    <message>
      <source>Progress</source>
      <translation>Fortschritt</translation>
    </message>
    <message>
      <source>Before and after are compared here.</source>
      <translation>Vorher und nachher werden hier verglichen.</translation>
    </message>
    <message>
      <source>Use the new weights</source>
      <translation>Neue Gewichte verwenden</translation>
    </message>
    <message>
      <source>Switch to them now; the Model panel switches back</source>
      <translation>Jetzt auf sie umschalten; die Seite Modell schaltet zurück</translation>
    </message>
    <message>
      <source>Your hands</source>
      <translation>Eigene Hände</translation>
    </message>
    <message>
      <source>Fine-tune</source>
      <translation>Feinabstimmung</translation>
    </message>
    <message>
      <source>Result</source>
      <translation>Ergebnis</translation>
    </message>
    <message>
      <source>Delete all clips recorded for training, and their labels?</source>
      <translation>Alle für das Training aufgenommenen Clips löschen, und ihre Beschriftungen?</translation>
    </message>
    <message>
      <source>clip</source>
      <translation>Clip</translation>
    </message>
    <message>
      <source>clips</source>
      <translation>Clips</translation>
    </message>
    <message>
      <source>No clip yet</source>
      <translation>Noch kein Clip</translation>
    </message>
    <message>
      <source>{count} min</source>
      <translation>{count} Min.</translation>
    </message>
    <message>
      <source>Record a minute or two of your hands in many poses and places. Nothing leaves this computer.</source>
      <translation>Ein bis zwei Minuten die eigenen Hände in vielen Haltungen und an vielen Orten aufnehmen. Nichts verlässt diesen Computer.</translation>
    </message>
    <message>
      <source>Recording {time}</source>
      <translation>Nimmt auf {time}</translation>
    </message>
    <message>
      <source>Back to the start (Home)</source>
      <translation>Zurück zum Anfang (Pos1)</translation>
    </message>
    <message>
      <source>One frame back (,)</source>
      <translation>Ein Bild zurück (,)</translation>
    </message>
    <message>
      <source>Play or pause (Space)</source>
      <translation>Abspielen oder anhalten (Leertaste)</translation>
    </message>
    <message>
      <source>One frame on (.)</source>
      <translation>Ein Bild weiter (.)</translation>
    </message>
    <message>
      <source>Number of this frame; Ctrl+G goes to another</source>
      <translation>Nummer dieses Bildes; Strg+G geht zu einem anderen</translation>
    </message>
    <message>
      <source>Seek (Left and Right arrows: one second)</source>
      <translation>Suchen (Pfeile links und rechts: eine Sekunde)</translation>
    </message>
    <message>
      <source>Position</source>
      <translation>Stelle</translation>
    </message>
    <message>
      <source>Loop (L)</source>
      <translation>Wiederholen (L)</translation>
    </message>
    <message>
      <source>Playback speed</source>
      <translation>Geschwindigkeit</translation>
    </message>
    <message>
      <source>one picture</source>
      <translation>ein Bild</translation>
    </message>
    <message>
      <source>one second</source>
      <translation>eine Sekunde</translation>
    </message>
    <message>
      <source>Seek (Left and Right arrows: {step})</source>
      <translation>Suchen (Pfeile links und rechts: {step})</translation>
    </message>
    <message>
      <source>One picture back (,)</source>
      <translation>Ein Bild zurück (,)</translation>
    </message>
    <message>
      <source>One picture on (.)</source>
      <translation>Ein Bild weiter (.)</translation>
    </message>
    <message>
      <source>Pause</source>
      <translation>Anhalten</translation>
    </message>
    <message>
      <source>Play</source>
      <translation>Abspielen</translation>
    </message>
    <message>
      <source>live</source>
      <translation>live</translation>
    </message>
    <message>
      <source>Skin or another material</source>
      <translation>Haut oder anderes Material</translation>
    </message>
    <message>
      <source>Shaded</source>
      <translation>Schattiert</translation>
    </message>
    <message>
      <source>Wireframe</source>
      <translation>Drahtgitter</translation>
    </message>
    <message>
      <source>Normals</source>
      <translation>Normalen</translation>
    </message>
    <message>
      <source>Skin</source>
      <translation>Haut</translation>
    </message>
    <message>
      <source>Clay</source>
      <translation>Ton</translation>
    </message>
    <message>
      <source>Glass</source>
      <translation>Glas</translation>
    </message>
    <message>
      <source>Heat: blue is sure, red is not</source>
      <translation>Wärme: blau ist sicher, rot nicht</translation>
    </message>
    <message>
      <source>Tone of the picture</source>
      <translation>Hautton des Bildes</translation>
    </message>
    <message>
      <source>Tone of the texture</source>
      <translation>Hautton der Textur</translation>
    </message>
    <message>
      <source>Light</source>
      <translation>Hell</translation>
    </message>
    <message>
      <source>Medium</source>
      <translation>Mittel</translation>
    </message>
    <message>
      <source>Tan</source>
      <translation>Gebräunt</translation>
    </message>
    <message>
      <source>Brown</source>
      <translation>Braun</translation>
    </message>
    <message>
      <source>Dark</source>
      <translation>Dunkel</translation>
    </message>
    <message>
      <source>No map</source>
      <translation>Keine Karte</translation>
    </message>
    <message>
      <source>Heatmaps of the joints</source>
      <translation>Heatmaps der Gelenke</translation>
    </message>
    <message>
      <source>Before attention (S3C)</source>
      <translation>Vor der Aufmerksamkeit (S3C)</translation>
    </message>
    <message>
      <source>After attention (S3C)</source>
      <translation>Nach der Aufmerksamkeit (S3C)</translation>
    </message>
    <message>
      <source>Spatial branch of attention</source>
      <translation>Räumlicher Zweig der Aufmerksamkeit</translation>
    </message>
    <message>
      <source>Channel branch of attention</source>
      <translation>Kanalzweig der Aufmerksamkeit</translation>
    </message>
    <message>
      <source>Before, after, difference</source>
      <translation>Vorher, nachher, Unterschied</translation>
    </message>
    <message>
      <source>From where the camera is (Ctrl+1)</source>
      <translation>Von der Kamera aus (Strg+1)</translation>
    </message>
    <message>
      <source>Front</source>
      <translation>Vorn</translation>
    </message>
    <message>
      <source>As the camera, but near (Ctrl+2)</source>
      <translation>Wie die Kamera, aber nah (Strg+2)</translation>
    </message>
    <message>
      <source>Palm</source>
      <translation>Innen</translation>
    </message>
    <message>
      <source>Square on the palm (Ctrl+3)</source>
      <translation>Gerade auf die Handfläche (Strg+3)</translation>
    </message>
    <message>
      <source>Side</source>
      <translation>Seite</translation>
    </message>
    <message>
      <source>From the side (Ctrl+4)</source>
      <translation>Von der Seite (Strg+4)</translation>
    </message>
    <message>
      <source>Top</source>
      <translation>Oben</translation>
    </message>
    <message>
      <source>From above (Ctrl+5)</source>
      <translation>Von oben (Strg+5)</translation>
    </message>
    <message>
      <source>The estimator is still loading.</source>
      <translation>Der Schätzer wird noch geladen.</translation>
    </message>
    <message>
      <source>The landmark estimator runs no network, so it has no maps: choose a network in the Model panel.</source>
      <translation>Der Punkte-Schätzer hat kein Netzwerk und daher keine Karten: auf der Seite Modell ein Netzwerk wählen.</translation>
    </message>
    <message>
      <source>This network has no such module: choose HandS3C in the Model panel.</source>
      <translation>Dieses Netzwerk hat kein solches Modul: auf der Seite Modell HandS3C wählen.</translation>
    </message>
    <message>
      <source>Map of the network over the picture (5 to 9)</source>
      <translation>Karte des Netzwerks über dem Bild (5 bis 9)</translation>
    </message>
    <message>
      <source>Style of the mesh on the picture (S)</source>
      <translation>Stil des Netzes auf dem Bild (S)</translation>
    </message>
    <message>
      <source>Opacity</source>
      <translation>Deckkraft</translation>
    </message>
    <message>
      <source>Camera picture</source>
      <translation>Kamerabild</translation>
    </message>
    <message>
      <source>What hands are made of, in both views (Shift+M)</source>
      <translation>Woraus Hände sind, in beiden Ansichten (Umschalt+M)</translation>
    </message>
    <message>
      <source>Tone of the skin, in both views (Shift+T)</source>
      <translation>Hautton in beiden Ansichten (Umschalt+T)</translation>
    </message>
    <message>
      <source>Hands</source>
      <translation>Hände</translation>
    </message>
    <message>
      <source>Comparison</source>
      <translation>Vergleich</translation>
    </message>
    <message>
      <source>Map of the network over the picture</source>
      <translation>Karte des Netzwerks über dem Bild</translation>
    </message>
    <message>
      <source>Joint whose heatmap is shown</source>
      <translation>Gelenk, dessen Heatmap gezeigt wird</translation>
    </message>
    <message>
      <source>Opacity of the map</source>
      <translation>Deckkraft der Karte</translation>
    </message>
    <message>
      <source>What the network sees</source>
      <translation>Was das Netzwerk sieht</translation>
    </message>
    <message>
      <source>Style of the mesh in the 3D view</source>
      <translation>Stil des Netzes in der 3D-Ansicht</translation>
    </message>
    <message>
      <source>Reset</source>
      <translation>Zurück</translation>
    </message>
    <message>
      <source>Back to the first view (R)</source>
      <translation>Zurück zur ersten Ansicht (R)</translation>
    </message>
    <message>
      <source>Save 3D picture</source>
      <translation>3D-Bild speichern</translation>
    </message>
    <message>
      <source>Write the 3D view to a PNG in the folder of recordings (Ctrl+Shift+P)</source>
      <translation>Die 3D-Ansicht als PNG in den Ordner der Aufnahmen schreiben (Strg+Umschalt+P)</translation>
    </message>
    <message>
      <source>3D view</source>
      <translation>3D-Ansicht</translation>
    </message>
    <message>
      <source>Drag to orbit, right-drag or Shift-drag to pan, wheel to zoom. Click a joint in either view to keep its name, place and angles.</source>
      <translation>Ziehen dreht, Rechts- oder Umschalt-Ziehen verschiebt, das Rad vergrößert. Ein Klick auf ein Gelenk hält seinen Namen, Ort und seine Winkel fest.</translation>
    </message>
    <message>
      <source>All joints</source>
      <translation>Alle Gelenke</translation>
    </message>
    <message>
      <source>hand</source>
      <translation>Hand</translation>
    </message>
    <message>
      <source>hands</source>
      <translation>Hände</translation>
    </message>
    <message>
      <source>Recording</source>
      <translation>Aufnahme</translation>
    </message>
    <message>
      <source>Dismiss</source>
      <translation>Ausblenden</translation>
    </message>
    <message>
      <source>No hand found</source>
      <translation>Keine Hand gefunden</translation>
    </message>
    <message>
      <source>Loading the hand model…</source>
      <translation>Das Handmodell wird geladen…</translation>
    </message>
    <message>
      <source>Camera · mirrored</source>
      <translation>Kamera · gespiegelt</translation>
    </message>
    <message>
      <source>{name} · mirrored</source>
      <translation>{name} · gespiegelt</translation>
    </message>
    <message>
      <source>Start recording (Ctrl+R)</source>
      <translation>Aufnahme beginnen (Strg+R)</translation>
    </message>
    <message>
      <source>Stop recording (Ctrl+R)</source>
      <translation>Aufnahme beenden (Strg+R)</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>Beenden</translation>
    </message>
    <message>
      <source>Fold away</source>
      <translation>Einklappen</translation>
    </message>
    <message>
      <source>Show</source>
      <translation>Ausklappen</translation>
    </message>
    <message>
      <source>What the curves show</source>
      <translation>Was die Kurven zeigen</translation>
    </message>
    <message>
      <source>Save…</source>
      <translation>Speichern…</translation>
    </message>
    <message>
      <source>All curves as CSV, or this plot as PNG</source>
      <translation>Alle Kurven als CSV, oder dieses Diagramm als PNG</translation>
    </message>
    <message>
      <source>Save the curves</source>
      <translation>Die Kurven speichern</translation>
    </message>
    <message>
      <source>CSV (*.csv);;Picture (*.png)</source>
      <translation>CSV (*.csv);;Bild (*.png)</translation>
    </message>
    <message>
      <source>Pictures</source>
      <translation>Bilder</translation>
    </message>
    <message>
      <source>Milliseconds by stage</source>
      <translation>Millisekunden je Stufe</translation>
    </message>
    <message>
      <source>Median time from a frame's arrival to its display</source>
      <translation>Mittlere Zeit von der Ankunft eines Bildes bis zu seiner Anzeige (Median)</translation>
    </message>
    <message>
      <source>Frames of the source that were skipped to keep up</source>
      <translation>Bilder der Quelle, die ausgelassen wurden, um mitzukommen</translation>
    </message>
    <message>
      <source>landmark fallback</source>
      <translation>Punkte-Ersatz</translation>
    </message>
    <message>
      <source>The network's joints are far from where the detector sees them, so these hands come
from the landmark estimator until the network agrees again.</source>
      <translation>Die Gelenke des Netzwerks sind weit von dort, wo der Detektor sie sieht. Diese Hände
kommen vom Punkte-Schätzer, bis das Netzwerk wieder zustimmt.</translation>
    </message>
    <message>
      <source>Hands come from the landmark estimator</source>
      <translation>Hände kommen vom Punkte-Schätzer</translation>
    </message>
    <message>
      <source>{count} dropped</source>
      <translation>{count} verloren</translation>
    </message>
    <message>
      <source>– fps</source>
      <translation>– B/s</translation>
    </message>
    <message>
      <source>– ms</source>
      <translation>– ms</translation>
    </message>
    <message>
      <source>latency {time} ms</source>
      <translation>Verzögerung {time} ms</translation>
    </message>
    <message>
      <source>latency –</source>
      <translation>Verzögerung –</translation>
    </message>
    <message>
      <source>– MB</source>
      <translation>– MB</translation>
    </message>
    <message>
      <source>On the GPU: {size} MB</source>
      <translation>Auf der GPU: {size} MB</translation>
    </message>
    <message>
      <source>Memory of the whole app</source>
      <translation>Speicher der ganzen App</translation>
    </message>
    <message>
      <source>The strip's full width is 33 ms (30 frames/s).</source>
      <translation>Die ganze Breite des Streifens sind 33 ms (30 Bilder/s).</translation>
    </message>
    <message>
      <source>right</source>
      <translation>rechts</translation>
    </message>
    <message>
      <source>left</source>
      <translation>links</translation>
    </message>
    <message>
      <source>Loss over minutes</source>
      <translation>Verlust über Minuten</translation>
    </message>
    <message>
      <source>The loss appears here</source>
      <translation>Hier erscheint der Verlust</translation>
    </message>
    <message>
      <source>Drag to divide, double-click to fit the picture</source>
      <translation>Ziehen teilt die Ansichten, ein Doppelklick passt sie dem Bild an</translation>
    </message>
    <message>
      <source>The 3D view is not available on this machine.</source>
      <translation>Die 3D-Ansicht ist auf diesem Rechner nicht verfügbar.</translation>
    </message>
    <message>
      <source>{px} px ({share} %) off</source>
      <translation>{px} px ({share} %) daneben</translation>
    </message>
    <message>
      <source>confidence {value}</source>
      <translation>Konfidenz {value}</translation>
    </message>
    <message>
      <source>{count} of {all} by landmarks</source>
      <translation>{count} von {all} aus Punkten</translation>
    </message>
    <message>
      <source>{px} px apart</source>
      <translation>{px} px auseinander</translation>
    </message>
    <message>
      <source>&amp;Undo</source>
      <translation>&amp;Rückgängig</translation>
    </message>
    <message>
      <source>&amp;Redo</source>
      <translation>&amp;Wiederherstellen</translation>
    </message>
    <message>
      <source>&amp;File</source>
      <translation>Da&amp;tei</translation>
    </message>
    <message>
      <source>&amp;Open file…</source>
      <translation>Datei &amp;öffnen…</translation>
    </message>
    <message>
      <source>Open image &amp;folder…</source>
      <translation>Bilder&amp;ordner öffnen…</translation>
    </message>
    <message>
      <source>Open &amp;stream…</source>
      <translation>&amp;Stream öffnen…</translation>
    </message>
    <message>
      <source>Open the &amp;bundled clip</source>
      <translation>&amp;Beiliegenden Clip öffnen</translation>
    </message>
    <message>
      <source>Save &amp;picture…</source>
      <translation>B&amp;ild speichern…</translation>
    </message>
    <message>
      <source>Save meshes as OB&amp;J…</source>
      <translation>Netze als OB&amp;J speichern…</translation>
    </message>
    <message>
      <source>Save meshes as P&amp;LY…</source>
      <translation>Netze als P&amp;LY speichern…</translation>
    </message>
    <message>
      <source>&amp;Quit</source>
      <translation>B&amp;eenden</translation>
    </message>
    <message>
      <source>&amp;Playback</source>
      <translation>&amp;Wiedergabe</translation>
    </message>
    <message>
      <source>&amp;Play or pause</source>
      <translation>Abspielen oder &amp;anhalten</translation>
    </message>
    <message>
      <source>One frame &amp;on</source>
      <translation>Ein Bild &amp;weiter</translation>
    </message>
    <message>
      <source>One frame &amp;back</source>
      <translation>Ein Bild &amp;zurück</translation>
    </message>
    <message>
      <source>One second on</source>
      <translation>Eine Sekunde weiter</translation>
    </message>
    <message>
      <source>One second back</source>
      <translation>Eine Sekunde zurück</translation>
    </message>
    <message>
      <source>Back to the &amp;start</source>
      <translation>Zurück zum An&amp;fang</translation>
    </message>
    <message>
      <source>To the en&amp;d</source>
      <translation>Zum En&amp;de</translation>
    </message>
    <message>
      <source>&amp;Go to frame…</source>
      <translation>&amp;Gehe zu Bild…</translation>
    </message>
    <message>
      <source>&amp;In point here</source>
      <translation>Anfangs&amp;punkt hier</translation>
    </message>
    <message>
      <source>O&amp;ut point here</source>
      <translation>E&amp;ndpunkt hier</translation>
    </message>
    <message>
      <source>&amp;Clear in and out</source>
      <translation>Anfang und Ende l&amp;öschen</translation>
    </message>
    <message>
      <source>Record from in &amp;to out</source>
      <translation>Von Anfang bis &amp;Ende aufnehmen</translation>
    </message>
    <message>
      <source>&amp;Loop</source>
      <translation>Wieder&amp;holen</translation>
    </message>
    <message>
      <source>&amp;Faster</source>
      <translation>&amp;Schneller</translation>
    </message>
    <message>
      <source>Slo&amp;wer</source>
      <translation>&amp;Langsamer</translation>
    </message>
    <message>
      <source>&amp;Record</source>
      <translation>Aufneh&amp;men</translation>
    </message>
    <message>
      <source>&amp;Edit</source>
      <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
      <source>&amp;Copy the picture</source>
      <translation>Das Bild &amp;kopieren</translation>
    </message>
    <message>
      <source>Copy the &amp;3D view</source>
      <translation>Die &amp;3D-Ansicht kopieren</translation>
    </message>
    <message>
      <source>&amp;View</source>
      <translation>&amp;Ansicht</translation>
    </message>
    <message>
      <source>Side by side</source>
      <translation>Nebeneinander</translation>
    </message>
    <message>
      <source>Camera alone</source>
      <translation>Kamera allein</translation>
    </message>
    <message>
      <source>3D view alone</source>
      <translation>3D-Ansicht allein</translation>
    </message>
    <message>
      <source>Picture in picture</source>
      <translation>Bild im Bild</translation>
    </message>
    <message>
      <source>&amp;Enlarge the picture</source>
      <translation>Bild ver&amp;größern</translation>
    </message>
    <message>
      <source>Re&amp;duce the picture</source>
      <translation>Bild ver&amp;kleinern</translation>
    </message>
    <message>
      <source>W&amp;hole picture</source>
      <translation>Ganzes B&amp;ild</translation>
    </message>
    <message>
      <source>Com&amp;pare two estimators</source>
      <translation>Zwei Schätzer verglei&amp;chen</translation>
    </message>
    <message>
      <source>Compare with the next esti&amp;mator</source>
      <translation>Mit de&amp;m nächsten Schätzer vergleichen</translation>
    </message>
    <message>
      <source>Wipe to the left</source>
      <translation>Trennlinie nach links</translation>
    </message>
    <message>
      <source>Wipe to the right</source>
      <translation>Trennlinie nach rechts</translation>
    </message>
    <message>
      <source>Side&amp;bar</source>
      <translation>Seiten&amp;leiste</translation>
    </message>
    <message>
      <source>&amp;Full screen</source>
      <translation>&amp;Vollbild</translation>
    </message>
    <message>
      <source>&amp;Overlay</source>
      <translation>Überla&amp;gerung</translation>
    </message>
    <message>
      <source>Next s&amp;tyle of the mesh</source>
      <translation>Nächster S&amp;til des Netzes</translation>
    </message>
    <message>
      <source>Next mate&amp;rial of the hands</source>
      <translation>Nächstes Mate&amp;rial der Hände</translation>
    </message>
    <message>
      <source>Next t&amp;one of the skin</source>
      <translation>Nächster &amp;Hautton</translation>
    </message>
    <message>
      <source>Map: h&amp;eatmaps of the joints</source>
      <translation>Karte: H&amp;eatmaps der Gelenke</translation>
    </message>
    <message>
      <source>Map: be&amp;fore attention (S3C)</source>
      <translation>Karte: &amp;vor der Aufmerksamkeit (S3C)</translation>
    </message>
    <message>
      <source>Map: &amp;after attention (S3C)</source>
      <translation>Karte: na&amp;ch der Aufmerksamkeit (S3C)</translation>
    </message>
    <message>
      <source>Map: s&amp;patial branch</source>
      <translation>Karte: räuml&amp;icher Zweig</translation>
    </message>
    <message>
      <source>Map: &amp;channel branch</source>
      <translation>Karte: &amp;Kanalzweig</translation>
    </message>
    <message>
      <source>Map: before, after and &amp;difference</source>
      <translation>Karte: vorher, nachher und &amp;Unterschied</translation>
    </message>
    <message>
      <source>Next st&amp;yle of the mesh</source>
      <translation>Nächster S&amp;til des Netzes</translation>
    </message>
    <message>
      <source>From the camera</source>
      <translation>Von der Kamera aus</translation>
    </message>
    <message>
      <source>From the front</source>
      <translation>Von vorn</translation>
    </message>
    <message>
      <source>On the palm</source>
      <translation>Auf die Handfläche</translation>
    </message>
    <message>
      <source>From the side</source>
      <translation>Von der Seite</translation>
    </message>
    <message>
      <source>From above</source>
      <translation>Von oben</translation>
    </message>
    <message>
      <source>&amp;Reset the view</source>
      <translation>Ansicht &amp;zurücksetzen</translation>
    </message>
    <message>
      <source>Save as &amp;picture</source>
      <translation>Als B&amp;ild speichern</translation>
    </message>
    <message>
      <source>Save in a size, transp&amp;arent…</source>
      <translation>In einer Größe spei&amp;chern, durchsichtig…</translation>
    </message>
    <message>
      <source>Save a t&amp;urntable video</source>
      <translation>Drehvideo speich&amp;ern</translation>
    </message>
    <message>
      <source>&amp;Settings</source>
      <translation>&amp;Einstellungen</translation>
    </message>
    <message>
      <source>&amp;Calibrate the lens…</source>
      <translation>Objektiv &amp;kalibrieren…</translation>
    </message>
    <message>
      <source>Theme of the s&amp;ystem</source>
      <translation>Farben des S&amp;ystems</translation>
    </message>
    <message>
      <source>&amp;Light theme</source>
      <translation>&amp;Helle Farben</translation>
    </message>
    <message>
      <source>&amp;Dark theme</source>
      <translation>&amp;Dunkle Farben</translation>
    </message>
    <message>
      <source>La&amp;nguage of the system</source>
      <translation>S&amp;prache des Systems</translation>
    </message>
    <message>
      <source>&amp;Reset all settings…</source>
      <translation>&amp;Alle Einstellungen zurücksetzen…</translation>
    </message>
    <message>
      <source>&amp;Help</source>
      <translation>&amp;Hilfe</translation>
    </message>
    <message>
      <source>&amp;Keyboard and mouse</source>
      <translation>&amp;Tastatur und Maus</translation>
    </message>
    <message>
      <source>&amp;Log…</source>
      <translation>&amp;Protokoll…</translation>
    </message>
    <message>
      <source>&amp;About HandS3C Live</source>
      <translation>Ü&amp;ber HandS3C Live</translation>
    </message>
    <message>
      <source>Drag</source>
      <translation>Ziehen</translation>
    </message>
    <message>
      <source>Orbit the 3D view; move an enlarged picture</source>
      <translation>Die 3D-Ansicht drehen; ein vergrößertes Bild bewegen</translation>
    </message>
    <message>
      <source>Right-drag, Shift-drag</source>
      <translation>Rechts ziehen, Umschalt-Ziehen</translation>
    </message>
    <message>
      <source>Pan the 3D view</source>
      <translation>Die 3D-Ansicht verschieben</translation>
    </message>
    <message>
      <source>Drag the line</source>
      <translation>Die Linie ziehen</translation>
    </message>
    <message>
      <source>Compare two estimators: more of the one or the other</source>
      <translation>Zwei Schätzer vergleichen: mehr vom einen oder vom anderen</translation>
    </message>
    <message>
      <source>Drag the border</source>
      <translation>Die Grenze ziehen</translation>
    </message>
    <message>
      <source>Divide the views; a double click fits the picture</source>
      <translation>Die Ansichten teilen; Doppelklick: dem Bild anpassen</translation>
    </message>
    <message>
      <source>Wheel, pinch</source>
      <translation>Rad, zwei Finger</translation>
    </message>
    <message>
      <source>Zoom the picture or the 3D view</source>
      <translation>Das Bild oder die 3D-Ansicht vergrößern</translation>
    </message>
    <message>
      <source>Double-click</source>
      <translation>Doppelklick</translation>
    </message>
    <message>
      <source>3D view: reset, picture: full screen</source>
      <translation>3D-Ansicht: zurücksetzen, Bild: Vollbild</translation>
    </message>
    <message>
      <source>Drop a file</source>
      <translation>Eine Datei fallen lassen</translation>
    </message>
    <message>
      <source>Open it</source>
      <translation>Sie öffnen</translation>
    </message>
    <message>
      <source>Point at a joint</source>
      <translation>Auf ein Gelenk zeigen</translation>
    </message>
    <message>
      <source>Its name, position and angles</source>
      <translation>Sein Name, Ort und seine Winkel</translation>
    </message>
    <message>
      <source>Click a joint</source>
      <translation>Ein Gelenk anklicken</translation>
    </message>
    <message>
      <source>Keep them in view</source>
      <translation>Sie im Blick behalten</translation>
    </message>
    <message>
      <source>Leave full screen</source>
      <translation>Vollbild verlassen</translation>
    </message>
    <message>
      <source>Mouse</source>
      <translation>Maus</translation>
    </message>
    <message>
      <source>Side by side (F1)</source>
      <translation>Nebeneinander (F1)</translation>
    </message>
    <message>
      <source>Camera alone (F2)</source>
      <translation>Kamera allein (F2)</translation>
    </message>
    <message>
      <source>3D view alone (F3)</source>
      <translation>3D-Ansicht allein (F3)</translation>
    </message>
    <message>
      <source>Picture in picture (F4)</source>
      <translation>Bild im Bild (F4)</translation>
    </message>
    <message>
      <source>Open a file (Ctrl+O)</source>
      <translation>Eine Datei öffnen (Strg+O)</translation>
    </message>
    <message>
      <source>Mirror the picture, selfie view (M)</source>
      <translation>Das Bild spiegeln, Selfie (M)</translation>
    </message>
    <message>
      <source>Save this picture (Ctrl+P)</source>
      <translation>Dieses Bild speichern (Strg+P)</translation>
    </message>
    <message>
      <source>Sidebar (Ctrl+B)</source>
      <translation>Seitenleiste (Strg+B)</translation>
    </message>
    <message>
      <source>Open</source>
      <translation>Öffnen</translation>
    </message>
    <message>
      <source>These meshes come from the landmark estimator: the network disagrees with the detector</source>
      <translation>Diese Netze kommen vom Punkte-Schätzer: das Netzwerk widerspricht dem Detektor</translation>
    </message>
    <message>
      <source>One of these meshes comes from the landmark estimator: the network disagrees with the detector</source>
      <translation>Eines dieser Netze kommt vom Punkte-Schätzer: das Netzwerk widerspricht dem Detektor</translation>
    </message>
    <message>
      <source>Hands as they were recorded in {name}</source>
      <translation>Hände, wie sie in {name} aufgenommen wurden</translation>
    </message>
    <message>
      <source>the hand model</source>
      <translation>das Handmodell</translation>
    </message>
    <message>
      <source>The hands appear here.</source>
      <translation>Hier erscheinen die Hände.</translation>
    </message>
    <message>
      <source>Using the calibration of {name}.</source>
      <translation>Die Kalibrierung von {name} wird verwendet.</translation>
    </message>
    <message>
      <source>Hold the printed chessboard so that all of it is in the picture.</source>
      <translation>Das gedruckte Schachbrett so halten, dass alles davon im Bild ist.</translation>
    </message>
    <message>
      <source>Now hold it still.</source>
      <translation>Jetzt still halten.</translation>
    </message>
    <message>
      <source>Show it in another place, or tilt it.</source>
      <translation>An einer anderen Stelle zeigen, oder kippen.</translation>
    </message>
    <message>
      <source>Captured.</source>
      <translation>Aufgenommen.</translation>
    </message>
    <message>
      <source>Calibrate with a chessboard</source>
      <translation>Mit Schachbrett kalibrieren</translation>
    </message>
    <message>
      <source>Live picture with the corners found</source>
      <translation>Live-Bild mit den gefundenen Ecken</translation>
    </message>
    <message>
      <source>Inner corners across</source>
      <translation>Innere Ecken quer</translation>
    </message>
    <message>
      <source>Inner corners down</source>
      <translation>Innere Ecken hoch</translation>
    </message>
    <message>
      <source>Side of a square</source>
      <translation>Seite eines Feldes</translation>
    </message>
    <message>
      <source>Save a board to print…</source>
      <translation>Brett zum Drucken speichern…</translation>
    </message>
    <message>
      <source>An SVG of this board in its true size, to glue to something flat</source>
      <translation>Ein SVG dieses Bretts in wahrer Größe, zum Aufkleben auf etwas Flaches</translation>
    </message>
    <message>
      <source>%v of %m views</source>
      <translation>%v von %m Ansichten</translation>
    </message>
    <message>
      <source>Views captured</source>
      <translation>Aufgenommene Ansichten</translation>
    </message>
    <message>
      <source>The board has been nowhere yet.</source>
      <translation>Das Brett war noch nirgends.</translation>
    </message>
    <message>
      <source>Capture now</source>
      <translation>Jetzt aufnehmen</translation>
    </message>
    <message>
      <source>Keep the board as it is seen now</source>
      <translation>Das Brett behalten, wie es jetzt zu sehen ist</translation>
    </message>
    <message>
      <source>Start over</source>
      <translation>Von vorn beginnen</translation>
    </message>
    <message>
      <source>Solve</source>
      <translation>Berechnen</translation>
    </message>
    <message>
      <source>From {least} views on; {good} are better</source>
      <translation>Ab {least} Ansichten; {good} sind besser</translation>
    </message>
    <message>
      <source>Outcome</source>
      <translation>Ergebnis</translation>
    </message>
    <message>
      <source>Use for this camera</source>
      <translation>Für diese Kamera verwenden</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Solving…</source>
      <translation>Wird berechnet…</translation>
    </message>
    <message>
      <source>Save a board to print</source>
      <translation>Brett zum Drucken speichern</translation>
    </message>
    <message>
      <source>Picture (*.svg)</source>
      <translation>Bild (*.svg)</translation>
    </message>
    <message>
      <source>Count the corners where four squares meet. Show it near every edge, and tilted.</source>
      <translation>Gezählt werden die Ecken, an denen vier Felder sich treffen. An jedem Rand zeigen, und gekippt.</translation>
    </message>
    <message>
      <source>The board has covered {share} % of the picture.</source>
      <translation>Das Brett hat {share} % des Bildes überdeckt.</translation>
    </message>
    <message>
      <source>Focal length {focal} px, a field of view of {fov}°. The corners are off by {error} px over {views}.</source>
      <translation>Brennweite {focal} px, ein Blickwinkel von {fov}°. Die Ecken liegen {error} px daneben, über {views}.</translation>
    </message>
    <message>
      <source>view</source>
      <translation>Ansicht</translation>
    </message>
    <message>
      <source>views</source>
      <translation>Ansichten</translation>
    </message>
    <message>
      <source>Picture (*.png)</source>
      <translation>Bild (*.png)</translation>
    </message>
    <message>
      <source>Wavefront OBJ (*.obj)</source>
      <translation>Wavefront OBJ (*.obj)</translation>
    </message>
    <message>
      <source>Stanford PLY (*.ply)</source>
      <translation>Stanford PLY (*.ply)</translation>
    </message>
    <message>
      <source>The language changes when the app is started again.</source>
      <translation>Die Sprache wechselt beim nächsten Start der App.</translation>
    </message>
    <message>
      <source>Open a stream</source>
      <translation>Stream öffnen</translation>
    </message>
    <message>
      <source>Frame</source>
      <translation>Bild</translation>
    </message>
    <message>
      <source>Go to</source>
      <translation>Gehe zu</translation>
    </message>
    <message>
      <source>{thing}, 1 to {last}:</source>
      <translation>{thing}, 1 bis {last}:</translation>
    </message>
    <message>
      <source>Open the camera first, then calibrate it.</source>
      <translation>Erst die Kamera öffnen, dann kalibrieren.</translation>
    </message>
    <message>
      <source>Save this frame</source>
      <translation>Dieses Bild speichern</translation>
    </message>
    <message>
      <source>Reset all settings</source>
      <translation>Alle Einstellungen zurücksetzen</translation>
    </message>
    <message>
      <source>Forget window layout, view, model, recording choices and recent sources? Takes, clips and calibrations stay.</source>
      <translation>Fensteraufteilung, Ansicht, Modell, Aufnahmewahl und letzte Quellen vergessen? Aufnahmen, Clips und Kalibrierungen bleiben.</translation>
    </message>
    <message>
      <source>Address (http:// or rtsp://):</source>
      <translation>Adresse (http:// oder rtsp://):</translation>
    </message>
    <message>
      <source>See THIRD_PARTY.md in the source for every dependency and asset.</source>
      <translation>THIRD_PARTY.md im Quelltext nennt jede Abhängigkeit und jedes Beiwerk.</translation>
    </message>
    <message>
      <source>Keyboard and mouse</source>
      <translation>Tastatur und Maus</translation>
    </message>
    <message>
      <source>About HandS3C Live</source>
      <translation>Über HandS3C Live</translation>
    </message>
    <message>
      <source>Log</source>
      <translation>Protokoll</translation>
    </message>
    <message>
      <source>Copy for a bug report</source>
      <translation>Für einen Fehlerbericht kopieren</translation>
    </message>
    <message>
      <source>Live textured 3D hand meshes. Version {version}.</source>
      <translation>Texturierte 3D-Handnetze, live. Version {version}.</translation>
    </message>
    <message>
      <source>The app is free software under the GPL-3.0-or-later; the core library (hands3c_core) is Apache-2.0. It comes without any warranty.</source>
      <translation>Die App ist freie Software unter der GPL-3.0-or-later; die Kernbibliothek (hands3c_core) ist Apache-2.0. Sie kommt ohne jede Garantie.</translation>
    </message>
    <message>
      <source>Copied</source>
      <translation>Kopiert</translation>
    </message>
    <message>
      <source>Welcome. Hold your hands up; drag in the 3D view to turn it; press ? for all keys. What you see stays on this computer.</source>
      <translation>Willkommen. Hände hoch; in der 3D-Ansicht ziehen, um sie zu drehen; ? zeigt alle Tasten. Was zu sehen ist, bleibt auf diesem Computer.</translation>
    </message>
    <message>
      <source>Welcome. {reason}, so this is the bundled clip: plug a camera in and press refresh, or open a file. Drag in the 3D view to turn it; press ? for all keys.</source>
      <translation>Willkommen. {reason}, daher ist dies der beiliegende Clip: eine Kamera anschließen und neu suchen, oder eine Datei öffnen. In der 3D-Ansicht ziehen, um sie zu drehen; ? zeigt alle Tasten.</translation>
    </message>
    <message>
      <source>Only {name} was opened: several at once must all be pictures.</source>
      <translation>Nur {name} wurde geöffnet: mehrere zugleich müssen alle Bilder sein.</translation>
    </message>
    <message>
      <source>Opening…</source>
      <translation>Wird geöffnet…</translation>
    </message>
    <message>
      <source>{reason}, so this is the bundled clip. Plug a camera in, or open a file.</source>
      <translation>{reason}, daher ist dies der beiliegende Clip. Eine Kamera anschließen, oder eine Datei öffnen.</translation>
    </message>
    <message>
      <source>Looking for a camera…</source>
      <translation>Eine Kamera wird gesucht…</translation>
    </message>
    <message>
      <source>Open a camera, a file or a stream, or drop one here.</source>
      <translation>Eine Kamera, eine Datei oder einen Stream öffnen, oder hierher ziehen.</translation>
    </message>
    <message>
      <source>No picture</source>
      <translation>Kein Bild</translation>
    </message>
    <message>
      <source>Save the 3D view</source>
      <translation>Die 3D-Ansicht speichern</translation>
    </message>
    <message>
      <source>Size</source>
      <translation>Größe</translation>
    </message>
    <message>
      <source>Other…</source>
      <translation>Andere…</translation>
    </message>
    <message>
      <source>Transparent background</source>
      <translation>Durchsichtiger Hintergrund</translation>
    </message>
    <message>
      <source>The hands alone, without ground and background</source>
      <translation>Die Hände allein, ohne Boden und Hintergrund</translation>
    </message>
    <message>
      <source>As seen ({size})</source>
      <translation>Wie zu sehen ({size})</translation>
    </message>
    <message>
      <source>Width</source>
      <translation>Breite</translation>
    </message>
    <message>
      <source>Height</source>
      <translation>Höhe</translation>
    </message>
    <message>
      <source>What is in the middle stays there; the sides follow the shape.</source>
      <translation>Was in der Mitte ist, bleibt dort; die Seiten folgen der Form.</translation>
    </message>
    <message>
      <source>The 3D view turns once around and is saved; Y again ends it.</source>
      <translation>Die 3D-Ansicht dreht sich einmal und wird gespeichert; noch einmal Y beendet es.</translation>
    </message>
    <message>
      <source>There is no picture to copy yet.</source>
      <translation>Es gibt noch kein Bild zum Kopieren.</translation>
    </message>
    <message>
      <source>The picture ({size}) is on the clipboard.</source>
      <translation>Das Bild ({size}) ist in der Zwischenablage.</translation>
    </message>
    <message>
      <source>Wrist</source>
      <translation>Handgelenk</translation>
    </message>
    <message>
      <source>Thumb</source>
      <translation>Daumen</translation>
    </message>
    <message>
      <source>Index</source>
      <translation>Zeigefinger</translation>
    </message>
    <message>
      <source>Middle</source>
      <translation>Mittelfinger</translation>
    </message>
    <message>
      <source>Ring</source>
      <translation>Ringfinger</translation>
    </message>
    <message>
      <source>Little</source>
      <translation>Kleiner Finger</translation>
    </message>
    <message>
      <source>carpometacarpal joint</source>
      <translation>Sattelgelenk</translation>
    </message>
    <message>
      <source>metacarpophalangeal joint (knuckle)</source>
      <translation>Grundgelenk</translation>
    </message>
    <message>
      <source>interphalangeal joint</source>
      <translation>Endgelenk</translation>
    </message>
    <message>
      <source>proximal interphalangeal joint</source>
      <translation>Mittelgelenk</translation>
    </message>
    <message>
      <source>distal interphalangeal joint</source>
      <translation>Endgelenk</translation>
    </message>
    <message>
      <source>Saved {names} in {folder}</source>
      <translation>{names} in {folder} gespeichert</translation>
    </message>
    <message>
      <source>Nothing was saved</source>
      <translation>Nichts wurde gespeichert</translation>
    </message>
    <message>
      <source>Landmark fit</source>
      <translation>Anpassung an Punkte</translation>
    </message>
    <message>
      <source>NPZ</source>
      <translation>NPZ</translation>
    </message>
    <message>
      <source>All parameters as NumPy arrays</source>
      <translation>Alle Parameter als NumPy-Felder</translation>
    </message>
    <message>
      <source>CSV</source>
      <translation>CSV</translation>
    </message>
    <message>
      <source>Joint angles in degrees, for a spreadsheet</source>
      <translation>Gelenkwinkel in Grad, für eine Tabellenkalkulation</translation>
    </message>
    <message>
      <source>GLB</source>
      <translation>GLB</translation>
    </message>
    <message>
      <source>Animated, skinned, textured hands for Blender and the web</source>
      <translation>Bewegte, geriggte, texturierte Hände für Blender und das Web</translation>
    </message>
    <message>
      <source>BVH</source>
      <translation>BVH</translation>
    </message>
    <message>
      <source>Motion capture for animation programs</source>
      <translation>Bewegungsdaten für Animationsprogramme</translation>
    </message>
    <message>
      <source>BVH Mixamo</source>
      <translation>BVH Mixamo</translation>
    </message>
    <message>
      <source>Motion capture with Mixamo's names, cm, for retargeting</source>
      <translation>Bewegungsdaten mit Namen von Mixamo, cm, zum Übertragen</translation>
    </message>
    <message>
      <source>OBJ</source>
      <translation>OBJ</translation>
    </message>
    <message>
      <source>A folder with a textured mesh per frame</source>
      <translation>Ein Ordner mit einem texturierten Netz je Bild</translation>
    </message>
    <message>
      <source>PLY</source>
      <translation>PLY</translation>
    </message>
    <message>
      <source>A folder with a coloured mesh per frame</source>
      <translation>Ein Ordner mit einem farbigen Netz je Bild</translation>
    </message>
    <message>
      <source>OpenXR</source>
      <translation>OpenXR</translation>
    </message>
    <message>
      <source>OpenXR's 26 joints, poses and radii, JSON lines</source>
      <translation>Die 26 Gelenke von OpenXR, Posen und Radien, JSON-Zeilen</translation>
    </message>
    <message>
      <source>OpenXR NPZ</source>
      <translation>OpenXR NPZ</translation>
    </message>
    <message>
      <source>OpenXR's 26 joints as arrays</source>
      <translation>Die 26 Gelenke von OpenXR als Felder</translation>
    </message>
    <message>
      <source>Parquet</source>
      <translation>Parquet</translation>
    </message>
    <message>
      <source>A table of all parameters, a row per hand and frame</source>
      <translation>Eine Tabelle aller Parameter, eine Zeile je Hand und Bild</translation>
    </message>
    <message>
      <source>USD</source>
      <translation>USD</translation>
    </message>
    <message>
      <source>Animated, skinned, textured hands for USD programs</source>
      <translation>Bewegte, geriggte, texturierte Hände für USD-Programme</translation>
    </message>
    <message>
      <source>Meshes, joints and curves on a timeline for the Rerun viewer</source>
      <translation>Netze, Gelenke und Kurven auf einer Zeitachse für den Rerun-Betrachter</translation>
    </message>
  </context>
</TS>
